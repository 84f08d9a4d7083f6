#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "src/image/contents.h"
#include "src/image/overlay_check.h"

namespace kip::image {
namespace {

constexpr std::size_t kBlock = 128 * 1024;  // bytes

/// Most threads: beyond it, memory for large modules is worth more.
constexpr unsigned kMostThreads = 4;

// Reads files one after the other.
class Looker {
 public:
  static Result<Looker> make() { return Looker(TRY(digest::Hasher::make())); }

  Result<LookedAt> look(const OverlayFile& file);

 private:
  explicit Looker(digest::Hasher hasher) : hasher_(std::move(hasher)) {}

  Result<digest::Sha256> hash(Input& in, std::uint64_t& size);
  Status look_into(Bytes stored, LookedAt& looked);

  digest::Hasher hasher_;
  codec::Decoders decoders_;
  std::vector<std::uint8_t> block_;
};

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string name(list.substr(0, comma));
    std::replace(name.begin(), name.end(), '-', '_');
    if (!name.empty()) names.push_back(std::move(name));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

Result<LookedAt> Looker::look(const OverlayFile& file) {
  LookedAt looked;
  if (file.kind == OverlayFile::Kind::kConfig) {
    MemoryInput in(as_bytes(file.content));
    looked.digest = TRY(hash(in, looked.size));
    return looked;
  }
  const Opened opened = TRY(open_regular(Root(), file.source));
  FileInput in(opened.file.get());
  if (file.kind != OverlayFile::Kind::kModule || opened.size > kModuleLimit) {
    looked.digest = TRY(hash(in, looked.size));
    return looked;
  }
  const auto stored = TRY(read_rest(in, kModuleLimit));
  looked.size = stored.size();
  hasher_.begin();
  hasher_.add(stored);
  looked.digest = hasher_.finish();
  if (const Status status = look_into(stored, looked); !status) looked.unread = status.error().what;
  return looked;
}

Result<digest::Sha256> Looker::hash(Input& in, std::uint64_t& size) {
  block_.resize(kBlock);
  hasher_.begin();
  for (;;) {
    const std::size_t count = TRY(in.read(block_));
    hasher_.add(Bytes(block_).first(count));
    size += count;
    if (count < block_.size()) return hasher_.finish();
  }
}

Status Looker::look_into(Bytes stored, LookedAt& looked) {
  std::vector<std::uint8_t> plain;
  if (const auto method = codec::detect(stored.first(std::min<std::size_t>(stored.size(), 8)))) {
    MemoryInput in(stored);
    plain = TRY(read_rest(*TRY(decoders_.open(*method, in, codec::Extent::kWhole)), kModuleLimit));
    stored = plain;
  }
  const Modinfo info = TRY(read_modinfo(stored));
  looked.version = info.value("version");
  looked.srcversion = info.value("srcversion");
  looked.depends = names_in(info.value("depends"));
  return {};
}

}  // namespace

Result<std::vector<LookedAt>> look_at(const std::vector<OverlayFile>& files) {
  std::vector<Result<LookedAt>> looked(files.size(), LookedAt());
  const std::size_t count =
      std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
  std::vector<Looker> lookers;
  for (std::size_t i = 0; i < std::min(count, files.size()); ++i)
    lookers.push_back(TRY(Looker::make()));
  std::atomic<std::size_t> next = 0;
  const auto work = [&](Looker& looker) {
    for (std::size_t i = next++; i < files.size(); i = next++) looked[i] = looker.look(files[i]);
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < lookers.size(); ++i)
      threads.emplace_back(work, std::ref(lookers[i]));
    if (!lookers.empty()) work(lookers.front());
  }
  std::vector<LookedAt> all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!looked[i])
      return fail(looked[i].error().code, quote(files[i].source) + ": " + looked[i].error().what);
    all.push_back(std::move(*looked[i]));
  }
  return all;
}

std::optional<Finding> check_resolves(const Index& index, const std::string& path,
                                      const LookedAt& looked) {
  const auto finding = [&](std::string text) {
    return Finding{Severity::kError, kRuleUnresolved, path, {}, std::move(text), ""};
  };
  const auto name = module_of(path);
  if (!name) return finding("its name is no module's");
  const auto wins = index.paths.find(*name);
  if (wins == index.paths.end()) return finding("depmod did not list it");
  if (wins->second != path)
    return finding("modprobe would load " + quote(wins->second) + " instead");
  for (const std::string& needed : looked.depends) {
    if (!index.depends.at(path).contains(needed) && !index.builtin.contains(needed))
      return finding("needs " + quote(needed) + ", which neither the base nor the overlay has");
  }
  return std::nullopt;
}

}  // namespace kip::image
