// ucode-pack: which microcode do these CPUs get, from where, and will the kernel take it?

#include <algorithm>
#include <array>
#include <span>

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
  cli::add_value(app, "--root", settings.root, "read files below DIR instead of '/'", "DIR");
}

void add_kernel(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--kernel", settings.kernel,
                 "the target kernel's release, as `uname -r` prints it", "KVER");
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
  cli::add_list(app, "--hold", settings.holds, "never take updates that match", "SELECTOR");
  cli::add_list(app, "--pin", settings.pins, "for CPUs that match, take only revisions that match",
                "SELECTOR");
  app.add_flag("--allow-none", settings.allow_none, "CPUs that nothing serves are no failure");
  cli::add_output_options(app, settings.output);
}

void add_list(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  add_firmware(app, settings);
}

void add_verify(CLI::App& app, Settings& settings) {
  app.add_option("PATH", settings.paths,
                 "files and directories (default: the kernel's search path)");
  add_root(app, settings);
  add_kernel(app, settings);
}

void add_host(CLI::App&, Settings&) {}

void add_extract(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  cli::add_value(app, "-d,--directory", settings.directory, "write into DIR, made if missing",
                 "DIR")
      ->required();
  add_root(app, settings);
  app.add_flag("--force", settings.output.force, "replace existing files");
  app.add_flag("-n,--dry-run", settings.output.dry_run, "report, and write nothing");
  app.add_option("PATH", settings.paths, "files and directories")->required();
}

struct Verb {
  const char* name;
  const char* help;
  void (*add_options)(CLI::App&, Settings&);
  ExitCode (*run)(const Settings&, const cli::Messages&);
};

// In the order of the help; the first is the default.
constexpr std::array kVerbs = {
    Verb{"pack", "write the early-load archive for these CPUs (the default verb)", add_pack, pack},
    Verb{"list", "every update: vendor cpuid pf revision date size file offset sha256", add_list,
         list},
    Verb{"verify", "check structure and checksums, one line a fault", add_verify, verify},
    Verb{"host", "this machine's distinct CPUs: signature, platform flags, running revision",
         add_host, host},
    Verb{"extract", "write one file an update", add_extract, extract}};

const Verb* verb_named(std::string_view word) {
  const auto found = std::find_if(kVerbs.begin(), kVerbs.end(),
                                  [&](const Verb& verb) { return verb.name == word; });
  return found == kVerbs.end() ? nullptr : &*found;
}

std::string verb_names() {
  std::string names;
  for (const Verb& verb : kVerbs) names += (names.empty() ? "" : ", ") + std::string(verb.name);
  return names;
}

// Help and completion tell of every verb. Otherwise one is enough: each start would pay for the
// options of all of them.
bool wants_all_verbs(std::span<char* const> words) {
  return std::any_of(words.begin(), words.end(), [](std::string_view word) {
    const bool is_short = word.starts_with('-') && !word.starts_with("--");
    return (is_short && word.find('h') != word.npos) || word.starts_with("--help") ||
           word.starts_with("--completion");
  });
}

void build(CLI::App& app, Settings& settings, const Verb* chosen, bool all) {
  app.require_subcommand(0, 1);
  if (chosen == nullptr) {
    add_pack(app, settings);
    cli::add_report_options(app, settings.report);
  }
  for (const Verb& verb : kVerbs) {
    if (!all && &verb != chosen) continue;
    auto* const sub = app.add_subcommand(verb.name, verb.help);
    verb.add_options(*sub, settings);
    cli::add_report_options(*sub, settings.report);
  }
}

ExitCode print_completion(const CLI::App& app, const std::string& shell,
                          const cli::Messages& messages) {
  const auto script = cli::completion(app, shell);
  if (!script) {
    messages.error("completion is for bash, zsh or fish");
    return ExitCode::kUsage;
  }
  return messages.print(*script) ? ExitCode::kDone : ExitCode::kFailed;
}

ExitCode run(int argc, char** argv) {
  const std::span<char* const> words(argv + 1, argv + std::max(argc, 1));
  Settings settings;
  std::string completion_shell;
  cli::Messages messages("ucode-pack");
  CLI::App app("Reads Intel and AMD microcode, and writes what these CPUs' kernel loader takes.",
               "ucode-pack");
  app.set_version_flag("--version", "ucode-pack " KIP_VERSION);
  app.set_help_all_flag("--help-all", "help for every verb");
  cli::add_value(app, "--completion", completion_shell,
                 "print the completion script for bash, zsh or fish", "SHELL");
  const Verb* const chosen = words.empty() ? nullptr : verb_named(words.front());
  if (chosen == nullptr && !words.empty() && *words.front() != '-') {
    messages.error("no verb " + quote(words.front()) + "; there are " + verb_names());
    return ExitCode::kUsage;
  }
  build(app, settings, chosen, wants_all_verbs(words));
  if (const auto code = cli::parse(app, messages, argc, argv)) return *code;
  // A verb that is not the first word is known to the tree only where the whole tree was built.
  if (const auto parsed = app.get_subcommands(); chosen == nullptr && !parsed.empty()) {
    messages.error(quote(parsed.front()->get_name()) + " is not expected; see 'ucode-pack --help'");
    return ExitCode::kUsage;
  }
  messages.set_level(settings.report.level());
  settings.progress = !settings.report.quiet;

  if (!completion_shell.empty()) return print_completion(app, completion_shell, messages);
  if (!settings.kernel.empty() && !ucode::KernelVersion::parse(settings.kernel)) {
    messages.error("--kernel " + quote(settings.kernel) + " is no kernel release");
    return ExitCode::kUsage;
  }
  return (chosen == nullptr ? pack : chosen->run)(settings, messages);
}

}  // namespace
}  // namespace kip::ucode_pack

int main(int argc, char** argv) {
  return static_cast<int>(kip::ucode_pack::run(argc, argv));
}
