#include "src/cli/options.h"

namespace kip::cli {

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
  app.add_option("-o,--output", options.path, "write to FILE, atomically (default: stdout)")
      ->type_name("FILE");
  app.add_flag("--force", options.force, "replace an existing FILE");
  app.add_flag("-n,--dry-run", options.dry_run, "report, and write nothing");
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& help, const std::string& value_name) {
  return app.add_option(name, values, help)
      ->type_name(value_name)
      ->take_all()
      ->allow_extra_args(false);
}

std::optional<ExitCode> parse(CLI::App& app, const Messages& messages, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return messages.print(app.help()) ? ExitCode::kDone : ExitCode::kFailed;
  } catch (const CLI::CallForAllHelp&) {
    return messages.print(app.help("", CLI::AppFormatMode::All)) ? ExitCode::kDone
                                                                 : ExitCode::kFailed;
  } catch (const CLI::CallForVersion& version) {
    return messages.print(std::string(version.what()) + "\n") ? ExitCode::kDone : ExitCode::kFailed;
  } catch (const CLI::ParseError& error) {
    messages.error(error.what());
    return ExitCode::kUsage;
  }
  return std::nullopt;
}

}  // namespace kip::cli
