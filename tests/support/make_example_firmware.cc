// make-example-firmware: writes a small firmware tree for documents, demonstrations and trials.
//
//   make-example-firmware DIR               DIR/intel-ucode, DIR/amd-ucode; always the same bytes
//   make-example-firmware --this-cpu DIR    and one update for each kind of CPU of this machine
//
// Headers, tables and checksums are right, the payload is noise: every tool can read these updates
// and a kernel would hand them to a CPU, but no CPU accepts them.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/blob.h"
#include "tests/support/intel_blob.h"

namespace kip::support {
namespace {

namespace fs = std::filesystem;

// One processor paragraph of /proc/cpuinfo. Numbers are decimal there, the revision is hexadecimal.
struct ThisCpu {
  std::string vendor;
  std::uint32_t family = 0, model = 0, stepping = 0, revision = 0;

  bool operator==(const ThisCpu&) const = default;

  std::uint32_t cpuid() const {
    const std::uint32_t base = std::min<std::uint32_t>(family, 0xf);
    return stepping | (model & 0xf) << 4 | base << 8 | (model >> 4) << 16 | (family - base) << 20;
  }
};

void save(const fs::path& path, View bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) {
    std::fprintf(stderr, "make-example-firmware: error: '%s': cannot write it\n", path.c_str());
    std::exit(4);
  }
  std::printf("%s\n", path.c_str());
}

// Cases that trees of real firmware hold as well: two platforms of one signature with revisions of
// their own in one file, one update under two names, a signature (0xb06f6) that only an extended
// table names, the old form without sizes.
void make_intel(const fs::path& directory) {
  const Blob sapphire_10 = IntelBlob()
                               .signature(0x806f8)
                               .platform_flags(0x10)
                               .revision(0x2c000410)
                               .date(0x08142025)
                               .body_size(1956)
                               .extended({{0x806f8, 0x10}, {0x806f6, 0x10}})
                               .seed(11)
                               .bytes();
  const Blob sapphire_87 = IntelBlob()
                               .signature(0x806f8)
                               .platform_flags(0x87)
                               .revision(0x2b000650)
                               .date(0x08142025)
                               .body_size(3024)
                               .min_revision(0x2b000600)
                               .seed(12)
                               .bytes();
  save(directory / "06-8f-08", join({sapphire_10, sapphire_87}));

  const Blob alder = IntelBlob()
                         .signature(0x90672)
                         .platform_flags(0x07)
                         .revision(0x3d)
                         .date(0x05122025)
                         .body_size(3992)
                         .extended({{0x90672, 0x07}, {0xb06f2, 0x07}, {0xb06f6, 0x07}})
                         .seed(13)
                         .bytes();
  save(directory / "06-97-02", alder);
  save(directory / "06-bf-02", alder);

  save(directory / "06-55-07", IntelBlob()
                                   .signature(0x50657)
                                   .platform_flags(0xbf)
                                   .revision(0x05003901)
                                   .date(0x03112025)
                                   .body_size(2000)
                                   .seed(14)
                                   .bytes());
  save(directory / "06-0f-06", IntelBlob()
                                   .signature(0x6f6)
                                   .platform_flags(0x20)
                                   .revision(0xd1)
                                   .date(0x10012010)
                                   .old_form()
                                   .seed(15)
                                   .bytes());
}

// Family 19h has a pair around the EntrySign cutoff of its CPU (0x0a0011da), the second with a
// minimum base revision. Sizes are those of the families.
void make_amd(const fs::path& directory) {
  save(directory / "microcode_amd_fam17h.bin",
       AmdBlob()
           .zen(AmdPatch(0x08301079).date(0x12112024).size(3200).seed(21))
           .zen(AmdPatch(0x08701033).date(0x12112024).size(3200).seed(22))
           .bytes());
  save(directory / "microcode_amd_fam19h.bin",
       AmdBlob()
           .zen(AmdPatch(0x0a0011d4).date(0x02142024).size(5568).seed(23))
           .zen(AmdPatch(0x0a0011de).date(0x07232025).size(5568).min_base(0x0a0011d9).seed(24))
           .zen(AmdPatch(0x0a201213).date(0x07232025).size(5568).seed(25))
           .bytes());
}

std::vector<ThisCpu> this_machine() {
  std::ifstream in("/proc/cpuinfo");
  std::vector<ThisCpu> found;
  ThisCpu cpu;
  const auto close = [&] {
    if (!cpu.vendor.empty() && std::find(found.begin(), found.end(), cpu) == found.end())
      found.push_back(cpu);
    cpu = {};
  };
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) close();
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon + 2 > line.size()) continue;
    const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    const std::string value = line.substr(colon + 2);
    const auto number = [&](int base) {
      return static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, base));
    };
    if (key == "vendor_id") cpu.vendor = value;
    if (key == "cpu family") cpu.family = number(10);
    if (key == "model") cpu.model = number(10);
    if (key == "stepping") cpu.stepping = number(10);
    if (key == "microcode") cpu.revision = number(16);
  }
  close();
  return found;
}

// Above what runs, and never a debug revision: guests show anything there, 0xffffffff included.
std::uint32_t next_revision(std::uint32_t running) {
  return running < 0x7fffffff ? running + 1 : 1;
}

void make_for_this_cpu(const fs::path& directory) {
  Blob intel;
  std::map<std::uint32_t, AmdBlob> amd;  // by family: one container each, families ascending
  std::vector<std::uint32_t> done;
  for (const ThisCpu& cpu : this_machine()) {
    const std::uint32_t cpuid = cpu.cpuid();
    if (std::find(done.begin(), done.end(), cpuid) != done.end()) continue;
    done.push_back(cpuid);
    if (cpu.vendor == "GenuineIntel" && cpu.family >= 6) {
      append(intel, IntelBlob()
                        .signature(cpuid)
                        .platform_flags(0xff)
                        .revision(next_revision(cpu.revision))
                        .bytes());
    } else if (cpu.vendor == "AuthenticAMD" && cpu.family >= 0x17) {
      amd[cpu.family].zen(AmdPatch(zen_lowest_revision(cpuid) | 0xff).size(3200));
    } else if (cpu.vendor == "AuthenticAMD" && cpu.family >= 0x10) {
      const std::uint16_t equivalence = zen_equivalence(cpuid);
      amd[cpu.family]
          .entry(cpuid, equivalence)
          .patch(AmdPatch(next_revision(cpu.revision)).equivalence(equivalence).size(960));
    } else {
      std::fprintf(stderr, "make-example-firmware: Linux loads no microcode on '%s', skipping\n",
                   cpu.vendor.c_str());
    }
  }
  if (!intel.empty()) save(directory / "intel-ucode" / "this-cpu", intel);
  Blob containers;
  for (const auto& [family, container] : amd) append(containers, container.bytes());
  if (!containers.empty()) save(directory / "amd-ucode" / "this-cpu.bin", containers);
}

int run(const std::vector<std::string>& arguments) {
  std::string directory;
  bool this_cpu = false;
  for (const std::string& argument : arguments) {
    if (argument == "--this-cpu") {
      this_cpu = true;
    } else if (directory.empty() && !argument.empty() && argument.front() != '-') {
      directory = argument;
    } else {
      directory.clear();
      break;
    }
  }
  if (directory.empty()) {
    std::fprintf(stderr, "usage: make-example-firmware [--this-cpu] DIR\n");
    return 2;
  }
  make_intel(fs::path(directory) / "intel-ucode");
  make_amd(fs::path(directory) / "amd-ucode");
  if (this_cpu) make_for_this_cpu(directory);
  return 0;
}

}  // namespace
}  // namespace kip::support

int main(int argc, char** argv) {
  return kip::support::run({argv + 1, argv + argc});
}
