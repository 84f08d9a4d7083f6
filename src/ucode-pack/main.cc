// ucode-pack: which microcode do these CPUs get, from where, and will the kernel take it?

#include "src/cli/program.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

void add_cpu(CLI::App& app, Settings& settings, bool all = false) {
  const std::string usual = all ? "CPUs: all (default), host" : "CPUs: host (default), all";
  cli::add_list(app, "--cpu", settings.cpus,
                usual + ", 06-8f-08, 0x806f8[,PF[,gt:REV]], cpu00A20F12, !SPEC, @FILE", "SPEC");
}

void add_root(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--root", settings.root, "read files below DIR instead of '/'", "DIR");
}

void add_firmware(CLI::App& app, Settings& settings) {
  cli::add_list(app, "--firmware", settings.firmware,
                "directory or file to take microcode from (default: the kernel's search path)",
                "PATH");
  add_root(app, settings);
  cli::add_kernel_option(app, settings.kernel);
}

void add_holds(CLI::App& app, Settings& settings) {
  cli::add_list(app, "--hold", settings.holds, "never take updates that match", "SELECTOR");
  cli::add_list(app, "--pin", settings.pins, "for CPUs that match, take only revisions that match",
                "SELECTOR");
}

void add_pack(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  add_firmware(app, settings);
  add_holds(app, settings);
  app.add_flag("--allow-none", settings.allow_none, "CPUs that nothing serves are no failure");
  cli::add_output_options(app, settings.output);
  cli::add_value(app, "--split", settings.split,
                 "archives into DIR, with an index: one a cpu, one a vendor, or one (none)",
                 "WHAT");
  cli::add_value(app, "-d,--directory", settings.directory, "where --split writes, made if missing",
                 "DIR");
}

void add_coverage(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  add_firmware(app, settings);
  add_holds(app, settings);
  cli::add_list(app, "--firmware-old", settings.firmware_old, "compare with this release", "PATH");
  app.add_flag("--names", settings.names, "name the machines of each kind of CPU");
  cli::add_value(app, "--html", settings.html, "write the report as a page, too", "FILE");
  cli::add_value(app, "--max-size", settings.max_size,
                 "say what each CPU costs, and exit 1 if the archive for all is larger", "BYTES");
  app.add_flag("--force", settings.output.force, "replace an existing FILE");
  app.add_flag("-n,--dry-run", settings.output.dry_run, "report, and write nothing");
}

void add_list(CLI::App& app, Settings& settings) {
  add_cpu(app, settings, true);
  add_firmware(app, settings);
  app.add_flag("--sbom", settings.sbom, "as a bill of materials: SPDX 2.3, in JSON");
}

void add_verify(CLI::App& app, Settings& settings) {
  app.add_option("PATH", settings.paths,
                 "files and directories (default: the kernel's search path)");
  add_root(app, settings);
  cli::add_kernel_option(app, settings.kernel);
}

void add_host(CLI::App&, Settings&) {}

void add_predict(CLI::App& app, Settings& settings) {
  add_cpu(app, settings);
  cli::add_list(app, "--firmware", settings.firmware,
                "directory or file to take microcode from (default: the kernel's search path)",
                "PATH");
  add_root(app, settings);
  cli::add_value(app, "--for", settings.loader, "whose loader: linux (default) or xen", "LOADER");
  cli::add_value(
      app, "--kernel", settings.kernels,
      "the kernels in question, as uname -r prints them, or all (default: the running one for "
      "--cpu host, else all)",
      "KVER,...");
  cli::add_value(app, "--current-rev", settings.revision, "the revision that the BIOS leaves",
                 "REV");
  cli::add_value(app, "--cmdline", settings.command_line,
                 "the command line of the kernel, or of Xen", "STRING");
  app.add_option("IMAGE", settings.paths,
                 "an initrd, an early cpio or a unified image (default: firmware)")
      ->expected(0, 1);
}

void add_check_boot(CLI::App& app, Settings& settings) {
  app.add_flag("--journal", settings.journal, "tell the journal as well");
  cli::add_value(app, "--textfile", settings.textfile,
                 "write figures for node_exporter's textfile collector", "FILE");
  app.add_option("IMAGE", settings.paths,
                 "what was booted (default: by kip's record of the running kernel)")
      ->expected(0, 1);
}

void add_extract(CLI::App& app, Settings& settings) {
  add_cpu(app, settings, true);
  cli::add_value(app, "-d,--directory", settings.directory, "write into DIR, made if missing",
                 "DIR")
      ->required();
  add_root(app, settings);
  app.add_flag("--force", settings.output.force, "replace existing files");
  app.add_flag("-n,--dry-run", settings.output.dry_run, "report, and write nothing");
  app.add_option("PATH", settings.paths, "files and directories")->required();
}

constexpr cli::Verb<Settings> kVerbs[] = {
    {"pack", "write the early-load archive for these CPUs (the default verb)", add_pack, pack},
    {"list", "every update: vendor cpuid pf revision date size file offset sha256", add_list, list},
    {"verify", "check structure and checksums, one line a fault", add_verify, verify},
    {"predict", "what kernels, or Xen, will do with the microcode on these CPUs, and why",
     add_predict, predict},
    {"host", "this machine's distinct CPUs: signature, platform flags, running revision", add_host,
     host},
    {"check-boot", "whether the CPUs run the microcode of the image that was booted",
     add_check_boot, check_boot},
    {"coverage", "which machines of a fleet a release serves, and what changes for them",
     add_coverage, coverage},
    {"extract", "write one file an update", add_extract, extract}};

constexpr cli::Program<Settings> kProgram = {
    "ucode-pack", KIP_VERSION,
    "Reads Intel and AMD microcode, and writes what these CPUs' kernel loader takes.", kVerbs,
    /*default_verb=*/true};

}  // namespace
}  // namespace kip::ucode_pack

int main(int argc, char** argv) {
  return static_cast<int>(kip::cli::run_program(kip::ucode_pack::kProgram, argc, argv));
}
