// check-boot: whether the CPUs run the microcode of the image that was booted, and why not.
#include <sys/stat.h>

#include "src/cli/booted_image.h"
#include "src/cli/json.h"
#include "src/image/pieces.h"
#include "src/ucode-pack/boot_judge.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

using cli::BootRow;
using cli::BootVerdict;
using cli::ExitCode;

Result<std::int64_t> written(const std::string& path) {
  const image::Opened opened = TRY(image::open_regular(Root(), path));
  struct stat status;
  if (::fstat(opened.file.get(), &status) != 0) return fail_errno("fstat");
  return status.st_mtim.tv_sec;
}

class CheckBoot {
 public:
  CheckBoot(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages) {}

  ExitCode run() {
    const ExitCode found = gather();
    if (found != ExitCode::kDone)
      return write_figures(cli::metrics_unchecked()) ? found : ExitCode::kFailed;
    ExitCode code = code_of(report_);
    if (!messages_.print(settings_.report.json ? to_json(report_) : to_text(report_)))
      code = ExitCode::kFailed;
    if (!write_figures(to_metrics(report_))) code = ExitCode::kFailed;
    if (settings_.journal) tell_journal();
    return code;
  }

 private:
  ExitCode gather() {
    auto request = cli::resolve_cpus({});
    if (!request) {
      messages_.error(request.error().what);
      return ExitCode::kFailed;
    }
    request_ = std::move(*request);
    report_.kernel = request_.machine->kernel_release;
    report_.hypervisor = request_.machine->hypervisor;
    const bool named = !settings_.paths.empty();
    if (report_.hypervisor) {
      const ExitCode code = judge({{"", settings_.paths}});
      for (BootRow& row : report_.cpus) acquit(row, named);
      return code;
    }
    if (named) return judge({{"", settings_.paths}});
    report_.recorded = true;
    return judge_recorded();
  }

  // An image that was named is looked at in a guest too, so that it can be tried there.
  static void acquit(BootRow& row, bool named) {
    const bool nothing = named && row.verdict == BootVerdict::kNothing;
    const std::string owner = "a hypervisor owns the microcode";
    row.text = nothing ? owner + "; " + row.text : owner;
    row.verdict = BootVerdict::kGuest;
    row.remedy = "";
  }

  ExitCode judge_recorded() {
    const auto recorded = cli::recorded_images(Root(), report_.kernel);
    if (!recorded) {
      messages_.error_at("/var/lib/kip/manifests", recorded.error());
      return ExitCode::kFailed;
    }
    for (const Finding& finding : recorded->findings) messages_.finding(finding);
    if (!recorded->images.empty()) return judge(recorded->images);
    if (!recorded->findings.empty()) return ExitCode::kFailed;
    messages_.error("no image of kernel " + quote(report_.kernel) +
                    " is recorded: name the one that was booted");
    return ExitCode::kNothing;
  }

  // Of several images, nobody knows which was booted: all have to give the same answer.
  ExitCode judge(const std::vector<cli::BootedImage>& images) {
    for (const cli::BootedImage& image : images) {
      HandedOver handed;
      for (const std::string& path : image.files) {
        const Status status = read(path, handed);
        if (status) continue;
        messages_.error_at(path, status.error());
        return ExitCode::kFailed;
      }
      std::vector<BootRow> rows = judge_boot(handed, request_);
      if (&image == &images.front()) {
        report_.files = image.files;
        report_.cpus = std::move(rows);
      } else if (rows != report_.cpus) {
        return say_several(images);
      }
    }
    return ExitCode::kDone;
  }

  ExitCode say_several(const std::vector<cli::BootedImage>& images) const {
    std::string all;
    for (const cli::BootedImage& image : images)
      all += (all.empty() ? "" : ", ") + quote(image.files.front());
    messages_.error("kernel " + quote(report_.kernel) +
                    " has several entries with different answers, of " + all +
                    ": name the image that was booted");
    return ExitCode::kNothing;
  }

  Status read(const std::string& path, HandedOver& handed) const {
    const auto boot = host::read_boot_time(Root());
    if (boot && TRY(written(path)) > *boot) handed.is_later = true;
    add_file(TRY(cli::read_image(path)), path, handed);
    return {};
  }

  // For others to read, whatever the umask. False after an error was said.
  bool write_figures(const std::string& text) const {
    if (settings_.textfile.empty()) return true;
    const Status status = [&]() -> Status {
      AtomicFile file = TRY(AtomicFile::create(settings_.textfile, AtomicFile::Existing::kReplace));
      if (::fchmod(file.descriptor(), 0644) != 0) return fail_errno("fchmod");
      TRY(file.write(as_bytes(text)));
      return file.commit();
    }();
    if (!status) messages_.error_at(settings_.textfile, status.error());
    return status.has_value();
  }

  void tell_journal() const {
    const Status sent = cli::send_to_journal(to_journal(report_));
    if (!sent)
      messages_.warning(quote(cli::kJournalSocket) + ": " + sent.error().what +
                        ", the journal is not told");
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  cli::CpuRequest request_;
  cli::BootReport report_;
};

}  // namespace

ExitCode check_boot(const Settings& settings, const cli::Messages& messages) {
  return CheckBoot(settings, messages).run();
}

}  // namespace kip::ucode_pack
