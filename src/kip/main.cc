// kip: is this machine's next boot right, and if not, why?

#include "src/cli/program.h"
#include "src/kip/verbs.h"

namespace kip::program {
namespace {

void add_status(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--root", settings.root,
                 "read records, images, modules, settings and firmware below DIR instead of '/'",
                 "DIR");
  app.add_option("KVER", settings.kernels, "only these kernels");
}

void add_refresh(CLI::App& app, Settings& settings) {
  app.add_flag("-n,--dry-run", settings.dry_run, "say what would be done, and do nothing");
  app.add_option("KVER", settings.kernels, "only these kernels");
}

void add_doctor(CLI::App& app, Settings& settings) {
  cli::add_value(
      app, "--root", settings.root,
      "read records, boot entries, images, settings and plugins below DIR instead of '/'", "DIR");
}

constexpr cli::Verb<Settings> kVerbs[] = {
    {"status", "each recorded entry: current, or what changed since its image was made", add_status,
     status},
    {"refresh", "make recorded entries current that are not", add_refresh, refresh},
    {"doctor", "what is wrong with the next boot, one line a finding, with what mends it",
     add_doctor, doctor},
};

constexpr cli::Program<Settings> kProgram = {
    "kip", KIP_VERSION, "Says whether what boots next has what belongs into it, and sees to it.",
    kVerbs};

}  // namespace
}  // namespace kip::program

int main(int argc, char** argv) {
  return static_cast<int>(kip::cli::run_program(kip::program::kProgram, argc, argv));
}
