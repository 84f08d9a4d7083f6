// Whose initrd it is that kernel-install is given.
#include <gtest/gtest.h>

#include "src/boot/generator.h"
#include "tests/support/temp_dir.h"

namespace kip::boot {
namespace {

using Words = std::vector<std::string>;

const Words kArguments = {"add", "6.12.1", "/boot/vmlinuz-6.12.1"};
const Words kUpdate = {"/usr/sbin/update-initramfs", "-u", "-k", "6.12.1"};

class GeneratorOf : public testing::Test {
 protected:
  GeneratorOf() {
    dir_.write("boot/initrd.img-6.12.1", "initrd");
    dir_.write("usr/lib/kernel/install.d/55-initrd.install", "#!/bin/sh\n");
    dir_.write("usr/sbin/update-initramfs", "");
    dir_.write("usr/bin/dracut", "");
  }

  [[nodiscard]] Words words(const Words& arguments = kArguments) const {
    const auto root = Root::at(dir_.path());
    EXPECT_TRUE(root);
    const auto generator = generator_of(*root, arguments);
    return generator ? generator->words : Words();
  }

  support::TempDir dir_;
};

TEST_F(GeneratorOf, IsDebiansWhereItsFileIsStaged) {
  EXPECT_EQ(words(), kUpdate);
}

TEST_F(GeneratorOf, IsDebiansWhereItsFileIsGiven) {
  dir_.link("etc/kernel/install.d/55-initrd.install", "/dev/null");
  EXPECT_EQ(words({"add", "6.12.1", "/boot/vmlinuz-6.12.1", "/boot/initrd.img-6.12.1"}), kUpdate);
}

TEST_F(GeneratorOf, IsDracutWhereThereIsNoOther) {
  std::remove((dir_ / "usr/sbin/update-initramfs").c_str());
  EXPECT_EQ(words(),
            (Words{"/usr/bin/dracut", "-q", "--force", "/boot/initrd.img-6.12.1", "6.12.1"}));
}

TEST_F(GeneratorOf, IsKernelInstallsOwnBusinessElsewhere) {
  EXPECT_EQ(words({"add", "6.12.1", "/boot/vmlinuz-6.12.1", "/somebody/else's"}), Words());
  EXPECT_EQ(words({"add", "6.12.2", "/boot/vmlinuz-6.12.2"}), Words()) << "no such initrd";
  dir_.write("etc/kernel/install.d/55-initrd.install", "");
  EXPECT_EQ(words(), Words()) << "masked";
  EXPECT_EQ(words({"add"}), Words());
}

}  // namespace
}  // namespace kip::boot
