// A scratch directory in which initrd-pack is run, and what it said. Paths in arguments and messages are
// relative to it.
#pragma once

#include <string>
#include <vector>

#include "tests/image/joined.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::initrd_pack_test {

using support::Blob;
using support::View;

struct Said {
  int code = 0;
  std::string out;
  std::vector<std::string> complaints;  // "error: …" and "warning: …", without the program's name
  std::vector<std::string> notes;       // every other line of standard error
};

class Desk {
 public:
  const support::TempDir& dir() const { return dir_; }

  /// Fails the test if a line of standard error is not the program's.
  Said run(const std::vector<std::string>& arguments) const;

  /// The most memory that it has at one time, in KiB; the test fails if it does not end with 0.
  long peak(const std::vector<std::string>& arguments) const;

  std::string write(std::string_view name, View bytes) const { return dir_.write(name, bytes); }
  Blob read(std::string_view name) const { return support::read_file(dir_ / name); }
  std::vector<std::string> names() const { return support::names_in(dir_.path()); }

 private:
  support::TempDir dir_;
};

/// Built with a sanitizer: its memory says nothing.
bool is_instrumented();

/// An archive of one file, not compressed: 700 bytes and a trailer.
Blob files(std::string_view name = "init");

/// The same, compressed so that it decodes.
Blob compressed_files(std::string_view name = "init");

/// An archive with an ACPI table.
Blob acpi_archive();

inline const image::ManifestCpu kHost{ucode::Vendor::kIntel, {{0x806f8}, 0x10}};
inline const image::ManifestCpu kOther{ucode::Vendor::kIntel, {{0x906ea}, 0x02}};

}  // namespace kip::initrd_pack_test
