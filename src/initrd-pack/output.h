// Where join and swap write: into a file, whole or not at all; to stdout; nowhere.
#pragma once

#include <functional>

#include "src/base/atomic_file.h"
#include "src/image/join.h"
#include "src/image/pieces.h"
#include "src/initrd-pack/verbs.h"

namespace kip::initrd_pack {

/// An image to be written: an early part, and what comes behind it.
struct Made {
  /// Writes the early part and reads it back by the descriptor; nullopt, or the code to end with after
  /// the error was said. Empty: there is none.
  std::function<std::optional<cli::ExitCode>(Sink&, int)> early;
  const std::vector<image::Piece>* pieces = nullptr;
  std::vector<std::string> notes;  // to be said once it is written
  cli::JoinReport report;          // all but what writing tells
};

class Output {
 public:
  /// Replaces `in_place` if no other output was asked for; empty: that is stdout.
  Output(const Settings& settings, const cli::Messages& messages, std::string in_place = "")
      : settings_(settings), messages_(messages), in_place_(std::move(in_place)) {}

  /// Whether what was asked for makes sense; the error was said.
  bool is_sound() const;

  bool is_in_place() const { return !in_place_.empty() && settings_.output.path.empty(); }

  /// What messages call it.
  std::string place() const;

  /// And says what was done, or that there was nothing to do.
  cli::ExitCode write(Made& made) const;
  cli::ExitCode write(const image::Join& join, const image::JoinOptions& options,
                      const char* verb) const;

 private:
  bool to_stdout() const { return settings_.output.to_stdout() && !is_in_place(); }
  std::string path() const { return is_in_place() ? in_place_ : settings_.output.path; }
  AtomicFile::Existing existing() const {
    return is_in_place() ? AtomicFile::Existing::kReplace : settings_.output.existing();
  }

  std::optional<cli::ExitCode> to_memory(Made& made, Fd& memory) const;
  cli::ExitCode to_nowhere(Made& made) const;
  cli::ExitCode to_stdout(Made& made) const;
  cli::ExitCode to_file(Made& made) const;
  cli::ExitCode report(const Made& made) const;
  Result<AtomicFile> create(const Made& made) const;
  Result<bool> is_there_already(const Made& made, const AtomicFile& file) const;
  void say_fat(int descriptor) const;
  static void fill(Made& made, std::uint64_t early_bytes);
  cli::ExitCode failed(const std::string& path, const Error& error) const;

  const Settings& settings_;
  const cli::Messages& messages_;
  std::string in_place_;
};

/// The mode of a new file: readable to nobody who may not read each piece.
mode_t common_mode(const std::vector<image::Piece>& pieces);

/// Of what is to be written, in order.
std::vector<cli::UpdateRow> rows_of(const catalog::Catalog& catalog,
                                    const ucode::Selection& selection);

/// Says it; an error for a name that only stands for stdin.
bool is_file_name(const std::string& path, const cli::Messages& messages);

}  // namespace kip::initrd_pack
