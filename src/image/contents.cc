#include <algorithm>

#include "src/image/contents.h"
#include "src/image/listing.h"

namespace kip::image {
namespace {

/// Most bytes that are kept of what a module says; a vermagic has 60.
constexpr std::size_t kSaidLimit = 256;

class Visitor : public segments::Visitor {
 public:
  Visitor(Contents& contents, digest::Hasher hasher,
          const std::function<void(const Finding&)>& fault)
      : contents_(contents), hasher_(std::move(hasher)), fault_(fault), block_(128 * 1024) {}

  Status member(const segments::Segment& archive, const cpio::Member& member,
                Input& data) override {
    const std::uint32_t number = numbers_.of(archive);
    if (!archive.reached) return {};
    const auto index =
        contents_.files.add(member, number, ordinal_++, TRY(read_target(member, data)));
    TRY(check_size(contents_.files));
    if (!index) return {};
    Inode& inode = contents_.files.inode(*index);
    contents_.modules.erase(*index);
    if (member.size > kModuleLimit || !module_name(contents_.files.resolve(member.name))) {
      inode.digest = TRY(hash(data));
      return {};
    }
    const auto stored = TRY(read_rest(data, kModuleLimit));
    inode.digest = hash_bytes(stored);
    contents_.modules[*index] = look_into(stored, inode.digest);
    return {};
  }

  Status segment(const segments::Segment& segment) override {
    numbers_.of(segment);
    return {};
  }

  void fault(const Finding& finding) override { fault_(finding); }

 private:
  Result<digest::Sha256> hash(Input& data) {
    hasher_.begin();
    for (;;) {
      const std::size_t count = TRY(data.read(block_));
      hasher_.add(Bytes(block_).first(count));
      if (count < block_.size()) return hasher_.finish();
    }
  }

  digest::Sha256 hash_bytes(Bytes bytes) {
    hasher_.begin();
    hasher_.add(bytes);
    return hasher_.finish();
  }

  ModuleFacts look_into(Bytes stored, const digest::Sha256& digest) {
    ModuleFacts facts;
    facts.digest = digest;
    if (const Status status = look(stored, facts); !status) facts.unread = status.error().what;
    return facts;
  }

  Status look(Bytes stored, ModuleFacts& facts) {
    std::vector<std::uint8_t> plain;
    if (const auto method = codec::detect(stored.first(std::min<std::size_t>(stored.size(), 8)))) {
      MemoryInput in(stored);
      plain =
          TRY(read_rest(*TRY(decoders_.open(*method, in, codec::Extent::kWhole)), kModuleLimit));
      facts.digest = hash_bytes(plain);
      stored = plain;
    }
    const Modinfo info = TRY(read_modinfo(stored));
    facts.version = info.value("version").substr(0, kSaidLimit);
    facts.srcversion = info.value("srcversion").substr(0, kSaidLimit);
    facts.vermagic = info.value("vermagic").substr(0, kSaidLimit);
    return {};
  }

  Contents& contents_;
  digest::Hasher hasher_;
  const std::function<void(const Finding&)>& fault_;
  std::vector<std::uint8_t> block_;
  codec::Decoders decoders_;
  segments::Numbers numbers_;
  std::uint64_t ordinal_ = 0;
};

}  // namespace

std::optional<ModuleName> module_name(std::string_view path) {
  constexpr std::string_view kDirectories[] = {"lib/modules/", "usr/lib/modules/"};
  const auto directory = std::find_if(std::begin(kDirectories), std::end(kDirectories),
                                      [&](auto it) { return path.starts_with(it); });
  if (directory == std::end(kDirectories)) return std::nullopt;
  path.remove_prefix(directory->size());
  const std::size_t slash = path.find('/');
  if (slash == path.npos) return std::nullopt;
  auto name = module_of(path);
  if (!name) return std::nullopt;
  return ModuleName{std::string(path.substr(0, slash)), std::move(*name)};
}

std::optional<std::string> module_of(std::string_view path) {
  std::string_view file = path.substr(path.rfind('/') + 1);
  for (const std::string_view suffix : {".xz", ".zst", ".gz"}) {
    if (file.ends_with(".ko" + std::string(suffix))) file.remove_suffix(suffix.size());
  }
  if (!file.ends_with(".ko")) return std::nullopt;
  file.remove_suffix(3);
  std::string name(file);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

Result<Contents> read_contents(const segments::Source& source, std::uint64_t size,
                               const std::function<void(const Finding&)>& fault) {
  Contents contents;
  contents.microcode = TRY(taken_microcode(source, size));
  Visitor visitor(contents, TRY(digest::Hasher::make()), fault);
  TRY(segments::walk(source, {.beyond_faults = true}, visitor));
  return contents;
}

}  // namespace kip::image
