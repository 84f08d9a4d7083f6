// kmod-pack: which out-of-tree modules belong in this kernel's image, why, and in what archive?

#include "src/cli/program.h"
#include "src/kmod-pack/verbs.h"

namespace kip::kmod_pack {
namespace {

void add_subject(CLI::App& app, Settings& settings) {
  cli::add_kernel_option(app, settings.kernel);
  cli::add_value(app, "--root", settings.root,
                 "read modules, settings and firmware below DIR instead of '/'", "DIR");
}

CLI::Option* add_base(CLI::App& app, Settings& settings, const std::string& help) {
  return cli::add_value(app, "--base", settings.base, help, "FILE");
}

void add_list(CLI::App& app, Settings& settings) {
  app.add_flag("--all", settings.all, "list in-tree modules, too");
  add_subject(app, settings);
}

void add_why(CLI::App& app, Settings& settings) {
  add_subject(app, settings);
  app.add_option("MODULE", settings.module, "a name, a file, or an alias")->required();
}

void add_lint(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--root-fs", settings.root_fs,
                 "type of the root file system (default: what this machine has)", "TYPE");
  add_base(app, settings, "look also into the initrd FILE, as a generator made it");
  add_subject(app, settings);
}

void add_pack(CLI::App& app, Settings& settings) {
  add_base(app, settings, "the initrd that the archive is to stand behind")->required();
  add_subject(app, settings);
  cli::add_output_options(app, settings.output);
}

void add_emit(CLI::App& app, Settings& settings) {
  add_subject(app, settings);
  app.add_option("GENERATOR", settings.generator, "dracut, mkinitcpio or initramfs-tools")
      ->required()
      ->check(CLI::IsMember({"dracut", "mkinitcpio", "initramfs-tools"}));
}

constexpr cli::Verb<Settings> kVerbs[] = {
    {"list", "out-of-tree modules: decision, name, version, file, and the rule", add_list, list},
    {"why", "the rule that decides about a module, those it beats, and what needs it", add_why,
     why},
    {"lint", "what is wrong with the policy, one line a finding", add_lint, lint},
    {"pack", "write the archive of the modules that policy selects", add_pack, pack},
    {"emit", "print the policy as configuration of an initrd generator", add_emit, emit}};

constexpr cli::Program<Settings> kProgram = {
    "kmod-pack", KIP_VERSION,
    "Decides which out-of-tree modules belong in a kernel's initrd, and packs them.", kVerbs};

}  // namespace
}  // namespace kip::kmod_pack

int main(int argc, char** argv) {
  return static_cast<int>(kip::cli::run_program(kip::kmod_pack::kProgram, argc, argv));
}
