#include <fcntl.h>

#include "src/catalog/catalog.h"
#include "ucode/amd.h"
#include "ucode/intel.h"
#include "ucode/intel_text.h"

namespace kip::catalog {
namespace {

bool same_facts(const ucode::Update& a, const ucode::Update& b) {
  return a.revision == b.revision && a.size == b.size && a.date == b.date &&
         a.targets == b.targets && a.checksum == b.checksum;
}

tl::unexpected<Error> changed() {
  return fail(Errc::kCorrupt, "changed while it was being read");
}

}  // namespace

std::string Stream::place() const {
  return member.empty() ? path : path + "[" + member + "]";
}

std::vector<ucode::Candidate> candidates_of(const Catalog& catalog) {
  std::vector<ucode::Candidate> candidates;
  candidates.reserve(catalog.entries.size());
  for (const Entry& entry : catalog.entries) candidates.push_back({&entry.update, entry.sound});
  return candidates;
}

// A stream being read: the chain of Inputs from the file to its bytes.
struct Loader::Opened {
  std::size_t stream;
  Fd file;
  std::unique_ptr<FileInput> raw;
  std::unique_ptr<codec::Decoder> plain;
  std::vector<std::uint8_t> text;  // converted from the legacy text form
  std::unique_ptr<MemoryInput> words;

  Input& input() {
    return words ? static_cast<Input&>(*words) : plain ? static_cast<Input&>(*plain) : *raw;
  }
};

Loader::Loader(const Root& root, const Catalog& catalog, Scratch& scratch)
    : root_(root), catalog_(catalog), scratch_(scratch) {}
Loader::~Loader() = default;

Status Loader::open(std::size_t index) {
  const Stream& stream = catalog_.streams[index];
  opened_.reset();
  auto opened = std::make_unique<Opened>();
  opened->stream = index;
  opened->file = TRY(root_.open(stream.path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  opened->raw = std::make_unique<FileInput>(opened->file.get());
  if (stream.method)
    opened->plain = TRY(decoders_.open(*stream.method, *opened->raw, codec::Extent::kWhole));
  if (stream.kind == ucode::StreamKind::kIntelText) {
    TRY(opened->input().skip(stream.member_offset));
    SliceInput member(opened->input(), stream.member.empty() ? UINT64_MAX : stream.member_size);
    const auto text = TRY(read_rest(member, ucode::kTextSizeLimit));
    opened->text = TRY(ucode::intel_from_text(as_text(text)));
    opened->words = std::make_unique<MemoryInput>(opened->text);
  }
  opened_ = std::move(opened);
  return {};
}

Result<Bytes> Loader::load(std::size_t index) {
  const Entry& entry = catalog_.entries[index];
  const Stream& stream = catalog_.stream_of(entry);
  const bool text = stream.kind == ucode::StreamKind::kIntelText;
  const std::uint64_t offset = text ? entry.update.offset : entry.file_offset(stream);
  if (!opened_ || opened_->stream != entry.stream || opened_->input().position() > offset)
    TRY(open(entry.stream));
  Input& in = opened_->input();
  const MutableBytes buffer = scratch_.take(entry.update.size);
  TRY(in.skip(offset - in.position()));
  if (TRY(in.read(buffer)) < buffer.size()) return changed();
  if (entry.update.vendor == ucode::Vendor::kIntel) {
    if (!same_facts(TRY(ucode::parse_intel(buffer)), entry.update)) return changed();
  } else {
    const auto header = copy_out<ucode::AmdPatchHeader>(buffer);
    if (header.patch_id != entry.update.revision ||
        header.equivalence_id != entry.update.equivalence_id)
      return changed();
  }
  return Bytes(buffer);
}

}  // namespace kip::catalog
