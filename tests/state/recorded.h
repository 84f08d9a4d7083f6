// A manifest with something in every field, for tests to change.
#pragma once

#include "src/state/manifest.h"

namespace kip::state {

inline digest::Sha256 digest_of(std::uint8_t byte) {
  digest::Sha256 digest;
  digest.fill(byte);
  return digest;
}

inline UpdateInput intel_update(std::uint32_t revision = 0x2b000603, std::uint8_t bytes = 1) {
  return {ucode::Vendor::kIntel,
          revision,
          0x08142025,
          {{{0x806f8}, 0x87}},
          3072,
          "/lib/firmware/intel-ucode/06-8f-08",
          2048,
          digest_of(bytes)};
}

inline UpdateInput amd_update(std::uint32_t revision, std::uint8_t bytes) {
  return {ucode::Vendor::kAmd,
          revision,
          0x07232025,
          {{{0xa00f11}, 0}},
          5568,
          "/lib/firmware/amd-ucode/microcode_amd_fam19h.bin",
          64,
          digest_of(bytes)};
}

// That the base has, for another machine.
inline UpdateInput others_update() {
  return {ucode::Vendor::kIntel, 0x05003901, 0x03112025, {{{0x50657}, 0xbf}}, 2048, "initrd", 0,
          digest_of(12)};
}

inline ModuleInput zfs() {
  return {"zfs",        "extra/zfs.ko",
          "2.2.6",      false,
          digest_of(3), {1000, 1'700'000'000'123'456'789},
          "policy",     "Include=zfs at /etc/kip/kip.conf.d/10.conf:3"};
}

inline ModuleInput spl() {
  return {"spl", "extra/spl.ko", "2.2.6", false, digest_of(4), {500, 1}, "depends", "zfs"};
}

inline Manifest recorded() {
  Manifest it;
  it.token = "0123456789abcdef0123456789abcdef";
  it.kernel = "6.12.0-amd64";
  it.kip_version = "0.1.0";
  it.zstd_version = "1.5.4";
  it.call = {"systemd 254 to 257",
             {"add", it.kernel, "/boot/vmlinuz"},
             "bls",
             "dracut",
             "ukify",
             "/boot/T/K",
             "/boot",
             "0x806f8",
             "/lib/firmware"};
  it.base = Base{1'000'000, digest_of(9), "zstd", {others_update()}};
  it.inputs.microcode = MicrocodeInputs{
      {{"06-8f-08 0x000806f8,0x10", ucode::Vendor::kIntel, 0x806f8, 0x10, std::nullopt},
       {"19-01-01 0x00a00f11", ucode::Vendor::kAmd, 0xa00f11, std::nullopt,
        ucode::EntrySignClass::kOld},
       {"0x1", std::nullopt, 1, std::nullopt, std::nullopt}},
      {intel_update(), amd_update(0x0a0011d5, 5)}};
  it.inputs.modules.modules = {
      spl(), {"xor", "kernel/crypto/xor.ko", "", true, std::nullopt, {}, "depends", "zfs"}, zfs()};
  it.inputs.modules.firmware = {
      {"zfs/blob.bin", "/lib/firmware/zfs/blob.bin", digest_of(6), {77, -5}, "zfs"}};
  it.inputs.modules.modprobe = digest_of(7);
  it.inputs.modules.decisions = {
      {"vpoll", "updates/vpoll.ko", "out", ""},
      {"zfs", "extra/zfs.ko", "in", "Include=zfs at /etc/kip/kip.conf.d/10.conf:3"}};
  it.inputs.settings = {true, "", "zstd", "union", {"06-0f-06"}, {"0x6f6,,eq:0xd1"}};
  it.files = {{"initrd",
               "/boot/T/K/initrd",
               {2'000'000, 1'700'000'000'000'000'000},
               digest_of(8),
               {{PartKind::kEarly, 0, 4096, digest_of(10)},
                {PartKind::kBase, 4096, 1'000'000, digest_of(9)},
                {PartKind::kOverlay, 1'004'096, 995'904, digest_of(11)}}}};
  it.entry = "/boot/loader/entries/T-K.conf";
  it.options = "root=UUID=1 quiet";
  return it;
}

}  // namespace kip::state
