#include <fmt/format.h>

#include "src/catalog/file_scan.h"
#include "src/segments/walk.h"

namespace kip::catalog {
namespace {

// Collects what a walk finds in one stream.
class Collect : public ucode::UpdateSink {
 public:
  Collect(const ScanOptions& options, FileContents& contents, Stream stream)
      : options_(options),
        contents_(contents),
        base_(stream.member_offset),
        place_(stream.place()) {
    contents.streams.push_back(std::move(stream));
  }

  void update(const ucode::Update& update, Bytes whole) override {
    Entry entry{contents_.streams.size() - 1, update, true, {}};
    if (options_.digests && !whole.empty()) {
      if (auto digest = digest::sha256(whole)) {
        entry.digest = *digest;
      } else {
        add_finding({Severity::kWarning, "digest", "", update.offset, digest.error().what, ""});
      }
    }
    contents_.entries.push_back(std::move(entry));
  }

  void fault(const Finding& finding, const ucode::Update* suspect) override {
    add_finding(finding);
    if (suspect != nullptr)
      contents_.entries.push_back({contents_.streams.size() - 1, *suspect, false, {}});
  }

  void add_finding(Finding finding) {
    finding.place = place_;
    if (finding.offset) *finding.offset += base_;
    contents_.findings.push_back(std::move(finding));
  }

 private:
  const ScanOptions& options_;
  FileContents& contents_;
  std::uint64_t base_;
  std::string place_;
};

// Walks the raw archives at the front of an image and every stream of microcode among their
// members.
class ImageVisitor : public segments::Visitor {
 public:
  ImageVisitor(const ScanOptions& options, FileContents& contents, const Stream& file,
               Scratch& scratch)
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
  FileContents& contents_;
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
  OneFile(const ScanOptions& options, codec::Decoders& decoders, Scratch& scratch, std::string path,
          int descriptor, bool expected)
      : options_(options),
        decoders_(decoders),
        scratch_(scratch),
        descriptor_(descriptor),
        expected_(expected) {
    file_.path = std::move(path);
  }

  FileContents run() {
    if (const Status status = contents(); !status) {
      // A broken .xz of something else is not ours to report.
      if (expected_ || !contents_.streams.empty() || status.error().code == Errc::kSystem) {
        add({Severity::kWarning, status.error().code == Errc::kSystem ? "file-unreadable" : "file",
             "", status.error().offset, status.error().what, ""});
      }
    }
    return std::move(contents_);
  }

 private:
  void add(Finding finding) {
    finding.place = file_.path;
    contents_.findings.push_back(std::move(finding));
  }

  Status contents() {
    FileInput raw(descriptor_);
    const Bytes head = TRY(raw.peek(Input::kPeek));
    const auto method = codec::detect(head);
    if (!method) return plain(raw);
    file_.method = method;
    const auto decoder = TRY(decoders_.open(*method, raw, codec::Extent::kWhole));
    return plain(*decoder);
  }

  Status plain(Input& in) {
    const Bytes head = TRY(in.peek(Input::kPeek));
    if (const auto kind = ucode::recognise(head)) {
      file_.kind = *kind;
      Collect sink(options_, contents_, file_);
      return ucode::walk(*kind, options_.depth, in, sink, scratch_);
    }
    if (cpio::is_newc(head) || starts_with_zeros_then_archive(head)) return image();
    if (expected_) not_microcode(head);
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
  int descriptor_;
  bool expected_;
  Stream file_;
  FileContents contents_;
  std::unique_ptr<FileInput> again_;
  std::unique_ptr<codec::Decoder> decoder_;
};

bool is_hex_pair(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 2 && hex(text[0]) && hex(text[1]);
}

}  // namespace

FileContents FileScan::scan(const std::string& path, int descriptor, bool expected) {
  return OneFile(options_, decoders_, scratch_, path, descriptor, expected).run();
}

std::string_view without_suffix(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return codec::method_of_suffix(name) ? name.substr(0, dot) : name;
}

bool name_says_microcode(std::string_view name) {
  name = without_suffix(name);
  if (name.starts_with("microcode_amd") && name.ends_with(".bin")) return true;
  for (const std::string_view suffix : {".early", ".initramfs"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name.size() == 8 && name[2] == '-' && name[5] == '-' && is_hex_pair(name.substr(0, 2)) &&
         is_hex_pair(name.substr(3, 2)) && is_hex_pair(name.substr(6, 2));
}

}  // namespace kip::catalog
