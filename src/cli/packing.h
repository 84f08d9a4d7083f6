// Writing the early part of a choice: what ucode-pack's pack and the microcode plugin share.
//
//   Packing packing(choice, messages, path);
//   if (const auto code = packing.write(file)) return *code;
//   if (const auto code = packing.read_back(file.descriptor())) return *code;
//   TRY(file.commit());
#pragma once

#include "src/base/sink.h"
#include "src/cli/choice.h"
#include "src/image/early.h"
#include "src/image/pieces.h"

namespace kip::cli {

class Packing {
 public:
  /// `place` is what messages call the output. REQUIRES: the choice was judged and has updates.
  Packing(const Choice& choice, const Messages& messages, std::string place)
      : choice_(choice), messages_(messages), place_(std::move(place)) {}

  /// nullopt: all of it was written. kNo: an update turned out broken when it was read whole;
  /// kFailed: the sink failed. Either was said.
  std::optional<ExitCode> write(Sink& sink) { return write(sink, nullptr); }

  /// For an image, with a mark (src/image/manifest.h), in front of what is to follow.
  std::optional<ExitCode> write_marked(Sink& sink, std::span<const image::Piece> behind);

  /// nullopt: what can be read there is what was written, and a kernel finds it.
  std::optional<ExitCode> read_back(int descriptor);

  /// What was written, all but `output` and `bytes`.
  PackReport report() const;

 private:
  std::optional<ExitCode> write(Sink& sink, const image::EarlyMark* mark);
  std::int64_t archive_time() const;
  ExitCode broken(const catalog::Entry& entry, const Error& error) const;
  std::string served_by(const catalog::Entry& entry) const;

  const Choice& choice_;
  const Messages& messages_;
  std::string place_;
  image::WrittenEarly written_;
  Scratch scratch_;
};

/// An early part for an image, in a file that is ours alone; nullopt after an error was said.
std::optional<PackReport> pack_staged(const Choice& choice, const Messages& messages,
                                      const std::string& path);

/// SOURCE_DATE_EPOCH as a number; nullopt without it, or after a warning if it is none.
std::optional<std::int64_t> source_date_epoch(const Messages& messages);

}  // namespace kip::cli
