// 95-kip-record: what is published of a draft, when, and what goes.
#include <filesystem>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/plugins/module_stage.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Json = nlohmann::json;

const std::string kRecord = "95-kip-record";
const std::string kToken = "0123456789abcdef0123456789abcdef";
const std::string kName = kToken + "@" + kKernel + ".json";
const std::string kManifests = "root/var/lib/kip/manifests";

// A kernel whose image has microcode and a module of ours, staged and drafted.
class Drafted : public ModuleStage {
 public:
  explicit Drafted(const std::string& programs) : ModuleStage(programs) {
    serve(kIntel);
    dir().write("tree/intel", support::IntelBlob().bytes());
    configure("[Modules]\nInclude=wanted\n");
    write("initrd", base());
    add();
  }

  // As 90-loaderentry does.
  void publish(const std::string& conf = "title x\noptions root=/dev/sda1 quiet\n") const {
    dir().write("entry/initrd", read());
    dir().write("boot/loader/entries/" + kToken + "-" + kKernel + "+3.conf", conf);
  }

  void expect_silent_success() const {
    const Told told = run(kRecord);
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.err, "");
  }

  std::vector<std::string> manifests() const {
    return support::exists(dir() / kManifests) ? support::names_in(dir() / kManifests)
                                               : std::vector<std::string>();
  }

  Json manifest() const {
    return Json::parse(support::to_string(support::read_file(dir() / (kManifests + "/" + kName))));
  }
};

std::string sum_of(support::View bytes) {
  const support::TempDir dir;
  return support::must_run({"sha256sum", dir.write("bytes", bytes)}).substr(0, 64);
}

TEST(Recorded, IsWhatTheImageWasMadeOf) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    EXPECT_THAT(stage.manifests(), ElementsAre(kName));
    const Json it = stage.manifest();
    EXPECT_EQ(it["schema"], 1);
    EXPECT_EQ(it["token"], kToken);
    EXPECT_EQ(it["kernel"], kKernel);
    EXPECT_EQ(it["call"]["arguments"], Json({"add", kKernel, stage.dir() / "vmlinuz"}));
    EXPECT_EQ(it["call"]["layout"], "bls");
    EXPECT_EQ(it["call"]["KIP_CPU"], kIntel);
    EXPECT_EQ(it["options"], "root=/dev/sda1 quiet");
    EXPECT_THAT(it["entry"].get<std::string>(), testing::EndsWith("+3.conf"));
    EXPECT_EQ(it["base"]["sha256"], sum_of(stage.base()));
    const Json& update = it["inputs"]["microcode"]["updates"][0];
    EXPECT_EQ(update["revision"], "0x0000003a");
    EXPECT_EQ(update["file"], stage.dir() / "tree/intel");
    EXPECT_EQ(update["sha256"], sum_of(support::IntelBlob().bytes()));
    const Json& modules = it["inputs"]["modules"];
    ASSERT_EQ(modules["in_image"].size(), 2U);
    EXPECT_EQ(modules["in_image"][0]["name"], "helper");
    EXPECT_EQ(modules["in_image"][1]["name"], "wanted");
    EXPECT_THAT(modules["in_image"][1]["of"].get<std::string>(), StartsWith("Include=wanted at "));
    EXPECT_EQ(
        modules["decisions"][0],
        (Json{{"name", "other"}, {"path", "updates/other.ko"}, {"state", "out"}, {"why", ""}}));
  });
}

// 60-ukify stands between 58 and 86, 90-uki-copy in front of 95.
Json recorded_of_unified(ModuleStage& stage) {
  stage.set("KERNEL_INSTALL_LAYOUT", "uki");
  stage.serve(kIntel);
  stage.dir().write("tree/intel", support::IntelBlob().bytes());
  stage.add();
  stage.write("uki.efi", support::noise(4096, 1));
  EXPECT_EQ(stage.run(kImage).err, "");
  const std::string uki = stage.dir().write("boot/EFI/Linux/" + kToken + "-" + kKernel + ".efi",
                                            support::noise(4096, 1));
  EXPECT_EQ(stage.run(kRecord).err, "");
  const std::string record = stage.dir() / (kManifests + "/" + kName);
  if (!support::exists(record)) return {};
  Json it = Json::parse(support::to_string(support::read_file(record)));
  EXPECT_EQ(it["files"][0]["path"], uki);
  EXPECT_EQ(it["inputs"]["microcode"]["updates"][0]["revision"], "0x0000003a");
  return it;
}

TEST(RecordedOfAUnifiedImage, IsWhatTheFirstRunLeft) {
  with_each_program([](const std::string& programs) {
    ModuleStage merged(programs);
    merged.write("initrd", merged.base());
    EXPECT_EQ(recorded_of_unified(merged)["base"]["sha256"], sum_of(merged.base()));

    ModuleStage apart(programs);
    apart.set_initrds({apart.dir().write("given.img", apart.base())});
    EXPECT_FALSE(recorded_of_unified(apart).is_null());
  });
}

TEST(Recorded, IsTheImageWithItsParts) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    const Json file = stage.manifest()["files"][0];
    const Blob image = stage.read(), base = stage.base();
    EXPECT_EQ(file["path"], stage.dir() / "entry/initrd");
    EXPECT_EQ(file["size"], image.size());
    EXPECT_EQ(file["sha256"], sum_of(image));
    std::vector<std::string> kinds;
    std::uint64_t at = 0;
    for (const Json& part : file["parts"]) {
      kinds.push_back(part["kind"]);
      EXPECT_EQ(part["offset"], at);
      const auto size = part["size"].get<std::uint64_t>();
      EXPECT_EQ(part["sha256"], sum_of(support::View(image).subspan(at, size)));
      at += size;
    }
    EXPECT_THAT(kinds, ElementsAre("early", "base", "overlay"));
    EXPECT_EQ(at, image.size());
  });
}

// A builder's root is what the machine will call '/'.
TEST(Recorded, NamesFilesAsTheyAreSeenFromTheRoot) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    const std::string boot = stage.dir() / "root/boot";
    stage.set("KERNEL_INSTALL_BOOT_ROOT", boot);
    const std::vector<std::string> call = {"add", kKernel, boot + "/t/k", boot + "/vmlinuz"};
    EXPECT_EQ(stage.run(kImage, call).err, "");
    stage.dir().write("root/boot/t/k/initrd", stage.read());
    stage.dir().write("root/boot/loader/entries/" + kToken + "-" + kKernel + ".conf", "title x\n");
    EXPECT_EQ(stage.run(kRecord, call).err, "");
    const Json it = stage.manifest();
    EXPECT_EQ(it["files"][0]["path"], "/boot/t/k/initrd");
    EXPECT_EQ(it["entry"], "/boot/loader/entries/" + kToken + "-" + kKernel + ".conf");
    EXPECT_EQ(it["call"]["arguments"], Json({"add", kKernel, "/boot/vmlinuz"}));
    EXPECT_EQ(it["call"]["boot_root"], "/boot");
    EXPECT_FALSE(it.contains("options"));
  });
}

// Same base, same inputs, same manifest; only clocks differ.
// Gentoo's 90-compat, for the layouts compat and grub.
TEST(Recorded, IsAnImageUnderAVendorsNameIfItHasTheSameBytes) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.set("KERNEL_INSTALL_LAYOUT", "compat");
    EXPECT_EQ(stage.run(kImage).err, "");
    const std::string name = "boot/initramfs-" + kKernel + ".img";
    Blob other = stage.read();
    other.back() ^= 1;
    stage.dir().write(name, other);
    stage.expect_silent_success();
    EXPECT_EQ(stage.manifest()["files"][0]["path"], "");
    stage.dir().write(name, stage.read());
    stage.expect_silent_success();
    EXPECT_EQ(stage.manifest()["files"][0]["path"], stage.dir() / name);
    EXPECT_EQ(stage.manifest()["files"][0]["sha256"], sum_of(stage.read()));
  });
}

TEST(Recorded, IsTheSameAfterASecondRunOverOurOwnImage) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    Json first = stage.manifest();
    stage.add();
    stage.publish();
    stage.expect_silent_success();
    Json second = stage.manifest();
    for (Json* const it : {&first, &second}) (*it)["files"][0].erase("mtime");
    EXPECT_EQ(first, second);
  });
}

TEST(Recorded, IsAnImageThatKipLeftAsItWas) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.write("initrd", generated());
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_TRUE(stage.read() == generated());
    stage.dir().write("entry/initrd", generated());
    EXPECT_EQ(stage.run(kRecord).err, "");
    const std::string path = stage.dir() / (kManifests + "/" + kName);
    const Json it = Json::parse(support::to_string(support::read_file(path)));
    EXPECT_FALSE(it.contains("base")) << "nobody has a reason to read it";
    EXPECT_FALSE(it["inputs"].contains("microcode"));
    EXPECT_FALSE(it["files"][0].contains("sha256"));
  });
}

// -- What is not recorded: an earlier record is of an image that is gone.

TEST(RecordBefore, GoesWhereTheImageIsNoneOfKipsAnyMore) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    stage.configure("[Image]\nEnabled=no\n");
    std::filesystem::remove_all(stage.staged("kip.d"));
    stage.write("initrd", stage.base());
    stage.add();
    stage.expect_silent_success();
    EXPECT_THAT(stage.manifests(), IsEmpty());
  });
}

TEST(RecordBefore, GoesWhereTheEntryHasAnotherImageThanWasStaged) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    stage.dir().write("entry/initrd", generated());
    const Told told = stage.run(kRecord);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints,
                ElementsAre(AllOf(StartsWith("warning: this entry is not recorded: "),
                                  HasSubstr("/entry/initrd' is not what was staged"))));
    EXPECT_THAT(stage.manifests(), IsEmpty());
  });
}

TEST(Draft, ThatIsNoneIsAWarning) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    const std::string draft = "staging/kip.d/manifest.json";
    for (const std::string_view text : {"", "{\"schema\": 2}", "noise"}) {
      stage.dir().write(draft, text);
      const Told told = stage.run(kRecord);
      EXPECT_EQ(told.code, 0);
      EXPECT_THAT(told.complaints,
                  ElementsAre(AllOf(StartsWith("warning: this entry is not recorded: "),
                                    HasSubstr("/kip.d/manifest.json'"))));
    }
    std::filesystem::rename(stage.dir() / draft, stage.dir() / "aside");
    stage.dir().link(draft, stage.dir() / "aside");
    EXPECT_THAT(stage.run(kRecord).complaints, ElementsAre(HasSubstr("is not recorded")));
    EXPECT_THAT(stage.manifests(), IsEmpty());
  });
}

TEST(Draft, OfAnotherKernelIsNotPublished) {
  with_each_program([](const std::string& programs) {
    const Drafted stage(programs);
    stage.publish();
    std::vector<std::string> call = stage.call();
    call[1] = "6.6.6";
    EXPECT_EQ(stage.run(kRecord, call).err, "");
    EXPECT_THAT(stage.manifests(), IsEmpty());
  });
}

TEST(RecordThatCannotBeWritten, IsAWarningAndNoFailure) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.publish();
    stage.root().file("var/lib/kip", "a file");
    const Told told = stage.run(kRecord);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, testing::Contains(HasSubstr("/var/lib/kip")));
  });
}

TEST(Systemd250, HasNothingRecorded) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.publish();
    stage.become_systemd_251();
    stage.set("KERNEL_INSTALL_STAGING_AREA", std::nullopt);
    stage.set("KERNEL_INSTALL_ENTRY_TOKEN", std::nullopt);
    EXPECT_EQ(stage.run(kRecord).err, "");
    EXPECT_EQ(stage.run(kRecord, {"remove", kKernel, stage.dir() / "entry"}).err, "");
    EXPECT_FALSE(support::exists(stage.dir() / "root/var"));
  });
}

// -- Removing a kernel.

TEST(RecordedKernel, ThatIsRemovedLeavesNoRecordAndOthersStay) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    stage.root().file("var/lib/kip/manifests/other@" + kKernel + ".json", "{}");
    stage.root().file("var/lib/kip/pending/" + kKernel, "kip pending 1\n");
    stage.set("KERNEL_INSTALL_STAGING_AREA", std::nullopt);
    const std::string entry = stage.dir() / "entry";
    EXPECT_EQ(stage.run(kRecord, {"remove", "../" + kKernel, entry}).err, "");
    EXPECT_THAT(stage.manifests(), ElementsAre(kName, "other@" + kKernel + ".json"));
    EXPECT_EQ(stage.run(kRecord, {"remove", kKernel, entry}).err, "");
    EXPECT_THAT(stage.manifests(), ElementsAre("other@" + kKernel + ".json"));
    EXPECT_FALSE(support::exists(stage.pending()));
    EXPECT_EQ(stage.run(kRecord, {"remove", kKernel, entry}).err, "") << "and once more";
  });
}

TEST(RecordedKernel, OfAConfigurationWithAnErrorIsRemovedAllTheSame) {
  with_each_program([](const std::string& programs) {
    Drafted stage(programs);
    stage.publish();
    stage.expect_silent_success();
    stage.configure("nonsense\n");
    EXPECT_EQ(stage.run(kRecord, {"remove", kKernel, stage.dir() / "entry"}).err, "");
    EXPECT_THAT(stage.manifests(), IsEmpty());
  });
}

}  // namespace
}  // namespace kip::plugins_test
