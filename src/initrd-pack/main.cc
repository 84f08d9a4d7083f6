// initrd-pack: what is in this image, is it sound, and how do parts become one?

#include "src/cli/program.h"
#include "src/initrd-pack/verbs.h"

namespace kip::initrd_pack {
namespace {

void add_image(CLI::App& app, Settings& settings) {
  app.add_option("IMAGE", settings.image, "an initrd, or a unified kernel image")->required();
}

void add_cpu(CLI::App& app, Settings& settings, const std::string& help) {
  cli::add_list(app, "--cpu", settings.cpus, help, "SPEC");
}

void add_inspect(CLI::App& app, Settings& settings) {
  auto* const as_kernel =
      app.add_flag("--as-kernel", settings.as_kernel, "say what kernels make of it");
  app.add_flag("--early", settings.early, "look at nothing behind the first compressed byte")
      ->excludes(as_kernel);
  add_cpu(app, settings, "say which microcode these CPUs get: host, all, 06-8f-08, 0x806f8, …");
  cli::add_kernel_option(app, settings.kernel);
  add_image(app, settings);
}

void add_members(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--segment", settings.segment, "only segment N, as inspect counts them", "N");
  add_image(app, settings);
  app.add_option("PATH", settings.paths, "only these; a directory stands for all below it");
}

void add_ls(CLI::App& app, Settings& settings) {
  app.add_flag("-l,--long", settings.details, "mode, owner, size, time, and where links lead");
  add_members(app, settings);
}

void add_join(CLI::App& app, Settings& settings) {
  cli::add_output_options(app, settings.output);
  app.add_option("PART", settings.paths, "archives and images, in the order in which they unpack")
      ->required();
}

void add_swap(CLI::App& app, Settings& settings) {
  cli::add_value(app, "--early", settings.early_file, "take the early part from FILE", "FILE");
  add_cpu(app, settings, "choose microcode for these CPUs, as ucode-pack does");
  app.add_flag("--drop", settings.drop, "leave the microcode out");
  cli::add_list(app, "--firmware", settings.firmware,
                "directory or file to take microcode from (default: the kernel's search path)",
                "PATH");
  cli::add_kernel_option(app, settings.kernel);
  cli::add_output_options(app, settings.output);
  add_image(app, settings);
}

void add_diff(CLI::App& app, Settings& settings) {
  app.add_option("A", settings.image, "an image")->required();
  app.add_option("B", settings.other, "another one")->required();
}

constexpr cli::Verb<Settings> kVerbs[] = {
    {"inspect", "segments, what each is for, and the microcode in it", add_inspect, inspect},
    {"ls", "names of every segment's files", add_ls, ls},
    {"cat", "content of files, or of whole segments, decompressed", add_members, cat},
    {"join", "make one image of parts, with one early part in front", add_join, join},
    {"swap", "replace, add or remove the early part, and nothing else", add_swap, swap},
    {"diff", "compare by microcode, by module, by file", add_diff, diff}};

constexpr cli::Program<Settings> kProgram = {
    "initrd-pack", KIP_VERSION,
    "Looks into initramfs images as the kernel does, and makes one of parts.", kVerbs};

}  // namespace
}  // namespace kip::initrd_pack

int main(int argc, char** argv) {
  return static_cast<int>(kip::cli::run_program(kip::initrd_pack::kProgram, argc, argv));
}
