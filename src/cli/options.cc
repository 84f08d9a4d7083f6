#include <algorithm>
#include <span>

#include "src/cli/options.h"
#include "ucode/kernel_rules.h"

namespace kip::cli {
namespace {

// What nothing takes, the first of it in the user's own order.
std::string unexpected(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining(/*recurse=*/true);
  const auto parsed = app.get_subcommands();
  const std::string command =
      parsed.empty() ? app.get_name() : app.get_name() + " " + parsed.front()->get_name();
  return quote(left.empty() ? "" : left.front()) + " is not expected; see '" + command + " --help'";
}

}  // namespace

Messages::Level ReportOptions::level() const {
  if (quiet) return Messages::Level::kQuiet;
  return verbose ? Messages::Level::kVerbose : Messages::Level::kNormal;
}

void add_report_options(CLI::App& app, ReportOptions& options) {
  app.add_flag("--json", options.json, "report on stdout as JSON");
  auto* const verbose = app.add_flag("-v,--verbose", options.verbose, "say more");
  app.add_flag("-q,--quiet", options.quiet, "say errors only")->excludes(verbose);
}

void add_output_options(CLI::App& app, OutputOptions& options) {
  add_value(app, "-o,--output", options.path, "write to FILE, atomically (default: stdout)",
            "FILE");
  app.add_flag("--force", options.force, "replace an existing FILE");
  app.add_flag("-n,--dry-run", options.dry_run, "report, and write nothing");
}

bool output_is_sound(const OutputOptions& output, const ReportOptions& report,
                     const Messages& messages) {
  const bool to_stdout = output.to_stdout() && !output.dry_run;
  if (to_stdout && stdout_is_terminal()) {
    messages.error("the archive is not written to a terminal; -o FILE names a file");
    return false;
  }
  if (to_stdout && report.json) {
    messages.error("--json needs -o FILE or -n: both would go to stdout");
    return false;
  }
  return true;
}

void add_kernel_option(CLI::App& app, std::string& kernel) {
  add_value(app, "--kernel", kernel, "the target kernel's release, as `uname -r` prints it", "KVER")
      ->check([](const std::string& given) {
        return ucode::KernelVersion::parse(given) ? "" : quote(given) + " is no kernel release";
      });
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& help, const std::string& value_name) {
  return app.add_option(name, values, help)
      ->type_name(value_name)
      ->take_all()
      ->allow_extra_args(false);
}

CLI::Option* add_value(CLI::App& app, const std::string& name, std::string& value,
                       const std::string& help, const std::string& value_name) {
  return app.add_option(name, value, help)
      ->type_name(value_name)
      ->check([](const std::string& given) { return given.empty() ? "is empty" : ""; });
}

std::optional<ExitCode> parse(CLI::App& app, const Messages& messages, int argc, char** argv) {
  // CLI11 would take the next word instead.
  for (const std::string_view word : std::span<char* const>(argv + 1, argv + std::max(argc, 1))) {
    if (!word.starts_with("--") || !word.ends_with('=')) continue;
    messages.error(std::string(word.substr(0, word.size() - 1)) + ": is empty");
    return ExitCode::kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return messages.print(app.help()) ? ExitCode::kDone : ExitCode::kFailed;
  } catch (const CLI::CallForAllHelp&) {
    return messages.print(app.help("", CLI::AppFormatMode::All)) ? ExitCode::kDone
                                                                 : ExitCode::kFailed;
  } catch (const CLI::CallForVersion& version) {
    return messages.print(std::string(version.what()) + "\n") ? ExitCode::kDone : ExitCode::kFailed;
  } catch (const CLI::ExtrasError&) {
    messages.error(unexpected(app));
    return ExitCode::kUsage;
  } catch (const CLI::ParseError& error) {
    messages.error(error.what());
    return ExitCode::kUsage;
  }
  return std::nullopt;
}

}  // namespace kip::cli
