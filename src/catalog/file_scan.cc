#include <algorithm>
#include <fmt/format.h>

#include "src/catalog/file_scan.h"
#include "src/segments/walk.h"

namespace kip::catalog {
namespace {

// Collects what a walk finds in one stream.
class Collect : public ucode::UpdateSink {
 public:
  Collect(const ScanOptions& options, Contents& contents, Stream stream)
      : options_(options), contents_(contents), stream_(contents.streams.size()) {
    contents.streams.push_back(std::move(stream));
  }

  void update(const ucode::Update& update, Bytes whole) override {
    Entry& entry = contents_.entries.emplace_back(Entry{stream_, update, true, {}});
    if (!options_.digests || whole.empty()) return;
    if (auto digest = digest::sha256(whole)) {
      entry.digest = *digest;
    } else {
      add_finding({Severity::kWarning, kRuleNoLibrary, "", update.offset, digest.error().what, ""});
    }
  }

  void fault(const Finding& finding, const ucode::Update* suspect) override {
    add_finding(finding);
    if (suspect != nullptr) contents_.entries.push_back({stream_, *suspect, false, {}});
  }

 private:
  void add_finding(Finding finding) {
    const Stream& stream = contents_.streams[stream_];
    finding.place = stream.place();
    if (finding.offset) *finding.offset += stream.member_offset;
    contents_.findings.push_back(std::move(finding));
  }

  const ScanOptions& options_;
  Contents& contents_;
  std::size_t stream_;
};

// Walks the raw archives at the front of an image and every stream of microcode among their
// members.
class ImageVisitor : public segments::Visitor {
 public:
  ImageVisitor(const ScanOptions& options, Contents& contents, const Stream& file, Scratch& scratch)
      : options_(options), contents_(contents), file_(file), scratch_(scratch) {}

  Status member(const segments::Segment&, const cpio::Member& member, Input& data) override {
    if (!member.is_regular() || member.size == 0) return {};
    const auto kind = ucode::recognise(TRY(data.peek(Input::kPeek)));
    if (!kind) return {};
    Stream stream = file_;
    stream.member = member.name;
    stream.member_offset = member.data_offset;
    stream.member_size = member.size;
    stream.kind = *kind;
    Collect sink(options_, contents_, std::move(stream));
    return ucode::walk(*kind, options_.depth, data, sink, scratch_);
  }

  Status segment(const segments::Segment&) override { return {}; }

  void fault(const Finding& finding) override {
    contents_.findings.push_back(finding);
    contents_.findings.back().place = file_.path;
  }

 private:
  const ScanOptions& options_;
  Contents& contents_;
  const Stream& file_;
  Scratch& scratch_;
};

std::string first_bytes(Bytes head) {
  std::string text;
  for (const std::uint8_t byte : head.first(std::min<std::size_t>(head.size(), 8)))
    text += fmt::format(" {:02x}", byte);
  return text;
}

class OneFile {
 public:
  OneFile(const ScanOptions& options, codec::Decoders& decoders, Scratch& scratch,
          const PathParts& path, int descriptor, bool named, Contents& contents)
      : options_(options),
        decoders_(decoders),
        scratch_(scratch),
        path_(path),
        descriptor_(descriptor),
        claim_(claim_of(path.name)),
        named_(named),
        expected_(named || claim_),
        contents_(contents) {}

  void run() {
    const std::size_t streams_before = contents_.streams.size();
    const Status status = contents();
    if (status) return;
    const Error& error = status.error();
    const bool recognised = contents_.streams.size() != streams_before;
    // A broken .xz of something else is not ours to report.
    if (!expected_ && !recognised && error.code != Errc::kSystem) return;
    const char* const rule = error.code == Errc::kSystem        ? "file-unreadable"
                             : error.code == Errc::kUnsupported ? kRuleNoLibrary
                                                                : "file";
    add({Severity::kWarning, rule, "", error.offset, error.what, ""});
    if (expected_ || recognised) contents_.unread.push_back({path_.joined(), claim(recognised)});
  }

 private:
  // The name's claim, or what was recognised before reading failed.
  Claim claim(bool recognised) const {
    Claim claim = claim_.value_or(Claim{});
    if (recognised && !claim_)
      claim.vendor = contents_.streams.back().kind == ucode::StreamKind::kAmd
                         ? ucode::Vendor::kAmd
                         : ucode::Vendor::kIntel;
    return claim;
  }

  void add(Finding finding) {
    finding.place = path_.joined();
    contents_.findings.push_back(std::move(finding));
  }

  Status contents() {
    FileInput raw(descriptor_);
    const Bytes head = TRY(raw.peek(Input::kPeek));
    const auto method = codec::detect(head);
    if (!method) return plain(raw);
    file_.method = method;
    const auto decoder = TRY(decoders_.open(*method, raw, codec::Extent::kWhole));
    return plain(*decoder, decoder.get());
  }

  Status plain(Input& in, codec::Decoder* decoder = nullptr) {
    const Bytes head = TRY(in.peek(Input::kPeek));
    if (const auto kind = ucode::recognise(head)) {
      if (decoder != nullptr && options_.depth == ucode::Depth::kHeaders) {
        if (const auto size = codec::decoded_size(*file_.method, descriptor_))
          decoder->set_decoded_size(*size);
      }
      file_.path = path_.joined();
      file_.kind = *kind;
      Collect sink(options_, contents_, file_);
      return ucode::walk(*kind, options_.depth, in, sink, scratch_);
    }
    if (cpio::is_newc(head) || starts_with_zeros_then_archive(head)) return image();
    if (named_ && head.size() == Input::kPeek && only_zeros(head)) return image_behind_zeros(head);
    if (expected_) not_microcode(head);
    return {};
  }

  static bool only_zeros(Bytes head) {
    return std::all_of(head.begin(), head.end(), [](std::uint8_t byte) { return byte == 0; });
  }

  // An image may begin with any number of them.
  Status image_behind_zeros(Bytes head) {
    const std::size_t streams_before = contents_.streams.size();
    const std::size_t findings_before = contents_.findings.size();
    TRY(image());
    if (contents_.streams.size() != streams_before) return {};
    contents_.findings.resize(findings_before);
    not_microcode(head);
    return {};
  }

  // The kernel steps over zero bytes in front of an archive, in multiples of 4.
  static bool starts_with_zeros_then_archive(Bytes head) {
    std::size_t zeros = 0;
    while (zeros < head.size() && head[zeros] == 0) ++zeros;
    return zeros != 0 && zeros % cpio::kPadding == 0 && cpio::is_newc(head.subspan(zeros));
  }

  void not_microcode(Bytes head) {
    if (head.empty()) {
      add({Severity::kWarning, "file-empty", "", {}, "empty, no microcode", ""});
    } else if (head.size() < sizeof(std::uint32_t) ||
               (head[0] == 1 && head[1] == 0 && head.size() < 48)) {
      add({Severity::kWarning, "intel-truncated", "", 0,
           fmt::format("{} bytes are no whole header", head.size()), ""});
    } else {
      add({Severity::kWarning, "file-foreign", "", 0,
           "not microcode, it begins with" + first_bytes(head), ""});
    }
  }

  Status image() {
    file_.path = path_.joined();
    ImageVisitor visitor(options_, contents_, file_, scratch_);
    const segments::Source source = [this](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
      if (!file_.method)
        return std::unique_ptr<Input>(std::make_unique<FileInput>(descriptor_, offset));
      return reopen_compressed(offset);
    };
    return segments::walk(source, {.decompress = false}, visitor);
  }

  // An archive that is compressed as a file: segments are found by decoding from the start again.
  Result<std::unique_ptr<Input>> reopen_compressed(std::uint64_t offset) {
    decoder_.reset();
    again_ = std::make_unique<FileInput>(descriptor_);
    decoder_ = TRY(decoders_.open(*file_.method, *again_, codec::Extent::kWhole));
    TRY(decoder_->skip(offset));
    return std::unique_ptr<Input>(std::make_unique<SliceInput>(*decoder_, UINT64_MAX));
  }

  const ScanOptions& options_;
  codec::Decoders& decoders_;
  Scratch& scratch_;
  PathParts path_;
  int descriptor_;
  std::optional<Claim> claim_;
  bool named_;
  bool expected_;
  Stream file_;
  Contents& contents_;
  std::unique_ptr<FileInput> again_;
  std::unique_ptr<codec::Decoder> decoder_;
};

}  // namespace

void FileScan::scan(const PathParts& path, int descriptor, bool expected, Contents& contents) {
  ++contents.files;
  OneFile(options_, decoders_, scratch_, path, descriptor, expected, contents).run();
}

}  // namespace kip::catalog
