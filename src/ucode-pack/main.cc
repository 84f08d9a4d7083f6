// ucode-pack: which microcode do these CPUs get, from where, and will the kernel take it?

#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;

void add_cpu(CLI::App& app, Settings& settings) {
  cli::add_list(
      app, "--cpu", settings.cpus,
      "CPUs: host (default), all, 06-8f-08, 0x806f8[,PF[,gt:REV]], cpu00A20F12, !SPEC, @FILE",
      "SPEC");
}

void add_root(CLI::App& app, Settings& settings) {
  app.add_option("--root", settings.root, "read files below DIR instead of '/'")->type_name("DIR");
}

void add_kernel(CLI::App& app, Settings& settings) {
  app.add_option("--kernel", settings.kernel,
                 "the target kernel's release, as `uname -r` prints it")
      ->type_name("KVER");
}

void add_firmware(CLI::App& app, Settings& settings) {
  cli::add_list(app, "--firmware", settings.firmware,
                "directory or file to take microcode from (default: the kernel's search path)",
                "PATH");
  add_root(app, settings);
  add_kernel(app, settings);
}

void add_pack(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  add_firmware(app, settings);
  cli::add_list(app, "--hold", settings.holds, "never take updates that match", "SPEC");
  cli::add_list(app, "--pin", settings.pins, "for CPUs that match, take only revisions that match",
                "SPEC");
  app.add_flag("--allow-none", settings.allow_none, "CPUs that nothing serves are no failure");
  cli::add_output_options(app, settings.output);
  cli::add_report_options(app, settings.report);
}

using Verb = ExitCode (*)(const Settings&, const cli::Messages&);

// The verbs, in the order of the help.
struct Table {
  CLI::App* app;
  Verb run;
};

std::vector<Table> add_verbs(CLI::App& app, Settings& settings) {
  auto* const pack_app =
      app.add_subcommand("pack", "write the early-load archive for these CPUs (the default verb)");
  add_pack(*pack_app, settings);

  auto* const list_app = app.add_subcommand(
      "list", "every update: vendor cpuid pf revision date size file offset sha256");
  add_cpu(*list_app, settings);
  add_firmware(*list_app, settings);
  cli::add_report_options(*list_app, settings.report);

  auto* const verify_app =
      app.add_subcommand("verify", "check structure and checksums, one line a fault");
  verify_app->add_option("PATH", settings.paths,
                         "files and directories (default: the kernel's search path)");
  add_root(*verify_app, settings);
  add_kernel(*verify_app, settings);
  cli::add_report_options(*verify_app, settings.report);

  auto* const host_app = app.add_subcommand(
      "host", "this machine's distinct CPUs: signature, platform flags, running revision");
  cli::add_report_options(*host_app, settings.report);

  auto* const extract_app = app.add_subcommand("extract", "write one file an update");
  add_cpu(*extract_app, settings);
  extract_app->add_option("-d,--directory", settings.directory, "write into DIR, made if missing")
      ->type_name("DIR")
      ->required();
  add_root(*extract_app, settings);
  extract_app->add_flag("--force", settings.output.force, "replace existing files");
  extract_app->add_flag("-n,--dry-run", settings.output.dry_run, "report, and write nothing");
  extract_app->add_option("PATH", settings.paths, "files and directories")->required();
  cli::add_report_options(*extract_app, settings.report);

  return {{pack_app, pack},
          {list_app, list},
          {verify_app, verify},
          {host_app, host},
          {extract_app, extract}};
}

ExitCode run(int argc, char** argv) {
  Settings settings;
  std::string completion_shell;
  cli::Messages messages("ucode-pack");
  CLI::App app("Reads Intel and AMD microcode, and writes what these CPUs' kernel loader takes.",
               "ucode-pack");
  app.set_version_flag("--version", "ucode-pack " KIP_VERSION);
  app.set_help_all_flag("--help-all", "help for every verb");
  app.require_subcommand(0, 1);
  app.add_option("--completion", completion_shell)->group("");
  add_pack(app, settings);
  const std::vector<Table> verbs = add_verbs(app, settings);
  if (const auto code = cli::parse(app, messages, argc, argv)) return *code;
  messages.set_level(settings.report.level());

  if (!completion_shell.empty()) {
    const auto script = cli::completion(app, completion_shell);
    if (!script) {
      messages.error("completion is for bash, zsh or fish");
      return ExitCode::kUsage;
    }
    return messages.print(*script) ? ExitCode::kDone : ExitCode::kFailed;
  }
  if (!settings.kernel.empty() && !ucode::KernelVersion::parse(settings.kernel)) {
    messages.error("--kernel " + quote(settings.kernel) + " is no kernel release");
    return ExitCode::kUsage;
  }
  for (const Table& verb : verbs) {
    if (verb.app->parsed()) return verb.run(settings, messages);
  }
  return pack(settings, messages);
}

}  // namespace
}  // namespace kip::ucode_pack

int main(int argc, char** argv) {
  return static_cast<int>(kip::ucode_pack::run(argc, argv));
}
