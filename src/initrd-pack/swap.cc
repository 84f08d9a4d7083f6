// swap: another early part, or none; the rest of the image stays byte for byte.
#include "src/base/sink.h"
#include "src/cli/packing.h"
#include "src/image/parts.h"
#include "src/initrd-pack/output.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;

bool usage_is_sound(const Settings& settings, const cli::Messages& messages) {
  const int ways =
      int{!settings.early_file.empty()} + int{!settings.cpus.empty()} + int{settings.drop};
  if (ways != 1) {
    messages.error(ways == 0 ? "swap needs one of --early FILE, --cpu SPEC and --drop"
                             : "swap takes only one of --early FILE, --cpu SPEC and --drop");
    return false;
  }
  if (settings.cpus.empty() && (!settings.firmware.empty() || !settings.kernel.empty())) {
    messages.error("--firmware and --kernel choose microcode for --cpu, and go with it only");
    return false;
  }
  return is_file_name(settings.image, messages) && is_file_name(settings.early_file, messages);
}

// Whether what is kept of an image begins with what is kept of another file.
Result<bool> begins_with(const image::Piece& image, const image::Piece& other) {
  const std::uint64_t size = other.size();
  if (size == 0 || image.kept.empty()) return false;
  const image::Range& first = image.kept.front();
  if (other.kept.size() != 1 || first.end - first.begin < size) return false;
  const image::Opened a = TRY(image::open_regular(Root(), image.path));
  const image::Opened b = TRY(image::open_regular(Root(), other.path));
  return image::same_bytes(a.file.get(), first.begin, b.file.get(), other.kept.front().begin, size);
}

class Swap {
 public:
  Swap(const Settings& settings, const cli::Messages& messages, const Output& output)
      : settings_(settings), messages_(messages), output_(output) {}

  ExitCode run() {
    if (!settings_.early_file.empty()) return from_file();
    return settings_.drop ? drop() : chosen();
  }

 private:
  image::Part image() const { return {settings_.image, /*microcode=*/false}; }

  std::optional<image::Join> plan(const std::vector<image::Part>& parts) const {
    auto join = image::plan_parts(Root(), parts, {});
    if (join) return std::move(*join);
    messages_.error_at(parts[join.error().part].path, join.error().error);
    return std::nullopt;
  }

  ExitCode from_file() const {
    const image::Part early{settings_.early_file, /*microcode=*/true, /*only_front=*/true};
    auto join = plan({early, image()});
    if (!join) return ExitCode::kFailed;
    if (join->selection.choices.empty()) {
      messages_.error(quote(settings_.early_file) + ": no microcode found in it");
      return ExitCode::kNothing;
    }
    // What else is in FILE came with the image already if FILE was its early part before.
    const auto same = begins_with(join->pieces.back(), join->pieces.front());
    if (same && *same) join->pieces.front().kept.clear();
    return write(*join);
  }

  ExitCode drop() const {
    const auto join = plan({image()});
    if (!join) return ExitCode::kFailed;
    if (join->pieces.front().size() == 0) {
      messages_.error(quote(settings_.image) + ": is an early part, nothing would be left");
      return ExitCode::kFailed;
    }
    return write(*join);
  }

  ExitCode write(const image::Join& join) const {
    image::JoinOptions options;
    if (!join.selection.choices.empty()) options.time = cli::source_date_epoch(messages_);
    return output_.write(join, options, "swap");
  }

  // As ucode-pack's pack.
  ExitCode chosen() const {
    const auto join = plan({image()});
    if (!join) return ExitCode::kFailed;
    cli::Choice choice(settings_, messages_);
    if (const ExitCode code = choice.prepare(); code != ExitCode::kDone) return code;
    for (const ucode::Depth depth : {ucode::Depth::kHeaders, ucode::Depth::kChecked}) {
      ExitCode code = choice.read_and_choose(depth);
      if (code != ExitCode::kDone) return code;
      if (depth == ucode::Depth::kHeaders) cli::say_findings(choice.catalog(), messages_);
      code = choice.judge_sources();
      if (code == ExitCode::kDone) code = choice.judge();
      if (code != ExitCode::kDone) return code;
      if (choice.selection().choices.empty()) {
        messages_.warning("there is no microcode to put in front");
        return ExitCode::kDone;
      }
      code = write(choice, join->pieces);
      if (code != ExitCode::kNo) return code;
      // An update failed its checks. Where everything was asked for, the rest is taken.
      if (!choice.request().all) return ExitCode::kFailed;
    }
    return ExitCode::kFailed;
  }

  ExitCode write(const cli::Choice& choice, const std::vector<image::Piece>& pieces) const {
    cli::Packing packing(choice, messages_, output_.place());
    Made made{{}, &pieces, {}, {}};
    made.report.verb = "swap";
    made.report.updates = rows_of(choice.catalog(), choice.selection());
    made.early = [&](Sink& sink, int descriptor) -> std::optional<ExitCode> {
      if (const auto code = packing.write_marked(sink, pieces)) return code;
      if (const auto code = packing.read_back(descriptor)) return code;
      const cli::PackReport packed = packing.report();
      for (const cli::PackedCpu& cpu : packed.cpus) {
        for (std::string& line : cli::to_lines(cpu)) {
          if (!choice.request().all || messages_.verbose()) made.notes.push_back(std::move(line));
        }
      }
      return std::nullopt;
    };
    return output_.write(made);
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  const Output& output_;
};

}  // namespace

ExitCode swap(const Settings& settings, const cli::Messages& messages) {
  const Output output(settings, messages, settings.image);
  if (!usage_is_sound(settings, messages) || !output.is_sound()) return ExitCode::kUsage;
  return Swap(settings, messages, output).run();
}

}  // namespace kip::initrd_pack
