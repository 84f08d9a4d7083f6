// pack: the overlay of what policy selects, against a base.
#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "cpio/newc.h"
#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/cli/packing.h"
#include "src/cli/scratch.h"
#include "src/kmod-pack/subject.h"

namespace kip::kmod_pack {
namespace {

using cli::ExitCode;

class Pack {
 public:
  Pack(const Settings& settings, const cli::Messages& messages)
      : settings_(settings),
        messages_(messages),
        subject_(settings, messages, cli::ModuleChoice::Say::kAll) {}

  ExitCode run() {
    if (const ExitCode code = subject_.open_closed(); code != ExitCode::kDone) return code;
    if (!settings_.output.to_stdout()) {
      const Status allowed = AtomicFile::check(settings_.output.path, settings_.output.existing());
      if (!allowed) return failed(settings_.output.path, allowed.error());
    }
    const auto scratch = cli::ScratchDirectory::create();
    if (!scratch) return failed("", scratch.error());
    const auto base = subject_.read_base(settings_.base, scratch->path());
    if (!base) return ExitCode::kFailed;
    say_other_kernels(*base);
    const auto code = plan(*base, scratch->path());
    return code ? *code : write();
  }

 private:
  void say_other_kernels(const image::BaseModules& base) const {
    const auto others = image::other_kernels(base, subject_.kernel());
    if (others.empty()) return;
    const std::string more =
        others.size() > 1 ? fmt::format(" and {} more", others.size() - 1) : "";
    messages_.finding({Severity::kWarning, "base-other-kernel", settings_.base, std::nullopt,
                       fmt::format("has modules of {}{}, none of {}", quote(others.front()), more,
                                   quote(subject_.kernel())),
                       "name the initrd of that kernel with --base, or its own with --kernel"});
  }

  // nullopt: there is something to write.
  std::optional<ExitCode> plan(const image::BaseModules& base, const std::string& scratch) {
    cli::ModuleChoice& choice = subject_.choice();
    const bool any = !subject_.closure().modules.empty();
    if (any) {
      auto planned = choice.plan(base, scratch);
      if (choice.refusal()) return messages_.error(*choice.refusal()), ExitCode::kNo;
      if (!planned) return failed(settings_.base, planned.error());
      plan_ = std::move(*planned);
      for (const Finding& finding : plan_->findings) messages_.finding(finding);
      method_ = choice.compression(base);
    }
    if (const auto code = say_unmet(base)) return code;
    if (any) return std::nullopt;
    messages_.error(choice.selects()
                        ? "of what policy selects, no module can be had"
                        : "policy selects no module of kernel " + quote(subject_.kernel()));
    return ExitCode::kNothing;
  }

  std::optional<ExitCode> say_unmet(const image::BaseModules& base) const {
    const cli::ModuleChoice& choice = subject_.choice();
    const bool fails = choice.settings().modules.on_require.value == policy::OnRequire::kFail;
    const auto unmet = choice.unmet(base, plan_ ? &*plan_ : nullptr);
    for (const auto& [name, rule] : unmet) {
      const std::string text = quote(name) + " is in neither the base nor the archive, and " +
                               to_text(rule) + " wants it";
      fails ? messages_.error(text) : messages_.warning(text);
    }
    return unmet.empty() || !fails ? std::nullopt : std::optional(ExitCode::kNo);
  }

  ExitCode write() {
    if (settings_.output.dry_run) {
      NullSink sink;
      const Status status = write_to(sink);
      return written(status, sink.written(), "");
    }
    if (settings_.output.to_stdout()) {
      DescriptorSink sink(STDOUT_FILENO);
      const Status status = write_to(sink);
      return written(status, sink.written(), "");
    }
    const std::string& path = settings_.output.path;
    auto file = AtomicFile::create(path, settings_.output.existing());
    if (!file) return failed(path, file.error());
    Status status = write_to(*file);
    if (status) status = file->commit();
    return written(status, file->written(), path);
  }

  Status write_to(Sink& sink) const {
    const image::OverlayOptions options{cli::source_date_epoch(messages_).value_or(0), method_};
    return image::write_overlay(*plan_, options, sink);
  }

  ExitCode written(const Status& status, std::uint64_t bytes, const std::string& path) {
    if (!status) return failed(place(), status.error());
    const cli::OverlayReport report = make_report(bytes, path);
    if (settings_.report.json)
      return messages_.print(cli::to_json(report)) ? ExitCode::kDone : ExitCode::kFailed;
    for (const std::string& line : cli::to_lines(report)) messages_.note(line);
    std::string what =
        fmt::format("{} and {}, {}, {} bytes", cli::counted(report.files.size(), "file"),
                    cli::counted(report.others, "other member"), report.method, bytes);
    messages_.note(settings_.output.dry_run
                       ? what + ", nothing written"
                       : (path.empty() ? "stdout" : quote(path)) + ": " + what);
    return ExitCode::kDone;
  }

  std::string place() const {
    return settings_.output.to_stdout() ? "stdout" : settings_.output.path;
  }

  // Bytes of the member that ends so; 0: it is not in the archive. In place of what the base has, a link comes first.
  std::uint64_t size_of(const std::string& end) const {
    for (const image::OverlayMember& member : plan_->members) {
      if ((member.mode & cpio::kModeTypeMask) != cpio::kModeRegular) continue;
      if (member.name == end || member.name == "usr/" + end) return member.size;
    }
    return 0;
  }

  cli::OverlayReport make_report(std::uint64_t bytes, const std::string& path) const {
    cli::OverlayReport report;
    report.kernel = plan_->manifest.kernel;
    report.base = settings_.base;
    report.output = path;
    report.method = method_ ? codec::method_name(*method_) : "raw";
    report.bytes = bytes;
    const auto add = [&](const char* kind, const std::string& name, const auto& file,
                         const std::string& directory, bool in_base) {
      report.files.push_back({kind, name, file.path, size_of(directory + file.path), in_base,
                              file.reason.cause, file.reason.detail});
    };
    const image::OverlayManifest& manifest = plan_->manifest;
    for (const image::OverlayModule& it : manifest.modules)
      add("module", it.name, it, "lib/modules/" + report.kernel + "/", it.in_base);
    for (const image::OverlayFirmware& it : manifest.firmware)
      add("firmware", it.path, it, "lib/firmware/", false);
    for (const image::OverlayConfig& it : manifest.config) add("config", it.path, it, "", false);
    const auto packed = std::count_if(report.files.begin(), report.files.end(),
                                      [](const auto& row) { return !row.in_base; });
    report.others = plan_->members.size() - static_cast<std::size_t>(packed);
    return report;
  }

  ExitCode failed(const std::string& path, const Error& error) const {
    path.empty() ? messages_.error(error.what) : messages_.error_at(path, error);
    return ExitCode::kFailed;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Subject subject_;
  std::optional<image::OverlayPlan> plan_;
  std::optional<codec::Method> method_;
};

}  // namespace

ExitCode pack(const Settings& settings, const cli::Messages& messages) {
  if (!cli::output_is_sound(settings.output, settings.report, messages)) return ExitCode::kUsage;
  return Pack(settings, messages).run();
}

}  // namespace kip::kmod_pack
