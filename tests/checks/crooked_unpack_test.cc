// What unpacks over what, and what never does.
#include <functional>
#include <gtest/gtest.h>

#include "tests/checks/crooked.h"
#include "tests/codec/compress.h"

namespace kip::checks {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::text;
using support::zeros;

Blob packed(Method method, const Blob& plain) {
  return codec::compress(method, plain);
}

Blob zstd(const Blob& plain) {
  return packed(Method::kZstd, plain);
}

Blob lz4(const Blob& plain) {
  return packed(Method::kLz4Legacy, plain);
}

Blob overlay() {
  return NewcBlob()
      .directory("usr/lib/modules")
      .file("usr/lib/modules/x.ko", text("module"))
      .bytes();
}

// The second half of an archive in a frame of its own.
Blob two_frames(const Blob& plain) {
  const std::size_t half = plain.size() / 2 / 4 * 4;
  return join({zstd(Blob(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(half))),
               zstd(Blob(plain.begin() + static_cast<std::ptrdiff_t>(half), plain.end()))});
}

Blob cut(const Blob& blob) {
  return {blob.begin(), blob.end() - 4};
}

TEST(Crooked, SequencesThatKernelsDoNotReadOn) {
  const Blob main = main_archive(), more = overlay();
  const std::size_t z = zstd(main).size(), l = lz4(main).size();
  const std::vector<Crooked> rows = {
      {"zstd, zeros, zstd", join({zstd(main), zeros(3), zstd(more)}), {}},
      {"one archive in two zstd frames",
       join({two_frames(main), zstd(more)}),
       {"warning segment-split@0x0"}},
      {"a skippable frame in front",
       join({zstd(main), Blob{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, zstd(more)}),
       {at("warning segment-unknown", z)}},
      {"xz with CRC64",
       join({zstd(main), codec::run_through({"xz", "-c", "--check=crc64"}, more)}),
       {at("warning segment-not-for-kernels", z)}},
      {"xz with CRC32",
       join({zstd(main), codec::run_through({"xz", "-c", "--check=crc32"}, more)}),
       {}},
      {"an lz4 frame",
       join({zstd(main), codec::run_through({"lz4", "-q", "-c", "-"}, more)}),
       {at("warning segment-unknown", z)}},
      {"raw behind zstd, misaligned",
       join({zstd(main), zeros(5 - z % 4), more}),
       {at("warning segment-misaligned", z + 5 - z % 4)}},
      {"lz4, then zstd", join({lz4(main), zstd(more)}), {at("warning segment-lz4-tail", l)}},
      {"lz4, one zero, zstd",
       join({lz4(main), zeros(1), zstd(more)}),
       {at("warning segment-lz4-tail", l)}},
      {"lz4, four zeros, zstd", join({lz4(main), zeros(4), zstd(more)}), {}},
      {"lz4, then lz4", join({lz4(main), lz4(more)}), {}},
      {"junk between",
       join({zstd(main), text("junk"), zstd(more)}),
       {at("warning segment-unknown", z)}},
      {"compressed data cut", cut(zstd(main)), {"warning segment-compressed@0x0"}},
  };
  for (const Crooked& row : rows) expect_crooked(row);
}

Blob over_main(const std::function<void(NewcBlob&)>& fill) {
  NewcBlob blob;
  fill(blob);
  return join({main_archive(), blob.bytes()});
}

TEST(Crooked, WhatReplacesWhat) {
  const std::vector<Crooked> rows = {
      {"lib over the link to usr/lib",
       over_main([](NewcBlob& it) { it.directory("lib").directory("lib/modules"); }),
       {"error unpack-directory-over-link@0x2e8"}},
      {"below lib, without an entry for it",
       over_main(
           [](NewcBlob& it) { it.directory("lib/modules").file("lib/modules/x", text("x")); }),
       {}},
      {"a link where a directory is",
       over_main([](NewcBlob& it) { it.symlink("usr", "elsewhere"); }),
       {"note unpack-link-over-directory@0x2e8"}},
      {"a file for a directory",
       over_main([](NewcBlob& it) { it.file("usr/lib", text("x")); }),
       {"warning unpack-type-changed@0x2e8"}},
      {"a link to nowhere for a file",
       over_main([](NewcBlob& it) { it.symlink("init", "missing"); }),
       {"note unpack-type-changed@0x2e8", "error unpack-dangling-link@0x2e8"}},
      {"a link for a file",
       over_main([](NewcBlob& it) { it.symlink("init", "usr/lib"); }),
       {"note unpack-type-changed@0x2e8"}},
      {"a directory for a file",
       over_main([](NewcBlob& it) { it.directory("init"); }),
       {"warning unpack-type-changed@0x2e8"}},
      {"a file by other content",
       over_main([](NewcBlob& it) { it.file("init", text("other")); }),
       {"warning unpack-replaced@0x2e8"}},
      {"through the link",
       over_main([](NewcBlob& it) { it.file("lib/libc.so.6", text("LIBC")); }),
       {"warning unpack-replaced@0x2e8"}},
      {"a file by the same content",
       over_main([](NewcBlob& it) { it.file("init", text("#!/bin/sh\n")); }),
       {"note unpack-replaced@0x2e8"}},
      {"no directory for it",
       over_main([](NewcBlob& it) { it.file("etc/a", text("a")).file("etc/b", text("b")); }),
       {"warning unpack-no-parent@0x2e8"}},
      {"a file that has two names",
       join({NewcBlob().link("a", 9).link("b", 9, text("data")).bytes(),
             NewcBlob().file("a", text("new")).bytes()}),
       {"warning unpack-replaced@0x160", "warning unpack-linked-file@0x160"}},
      {"a link, then the file, as a remedy",
       join({NewcBlob().link("a", 9).link("b", 9, text("data")).bytes(),
             NewcBlob().symlink("a", "x").file("a", text("new")).bytes()}),
       {}},
      {"/dev is there, /etc is not",
       NewcBlob().file("dev/null", text("")).file("etc/x", text("x")).bytes(),
       {"warning unpack-no-parent@0x78"}},
      {"split early, merged main",
       join({NewcBlob().directory("lib").file("lib/x.ko", text("x")).bytes(), main_archive()}),
       {"warning unpack-link-over-directory@0x35c"}},
      {"a name too long",
       NewcBlob().file(std::string(4200, 'n'), text("x")).file("init", text("i")).bytes(),
       {"warning archive-name-length@0x0"}},
  };
  for (const Crooked& row : rows) expect_crooked(row);
}

}  // namespace
}  // namespace kip::checks
