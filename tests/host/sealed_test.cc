// Disks that a TPM opens.
#include <gmock/gmock.h>

#include "src/host/sealed.h"
#include "tests/support/temp_dir.h"

namespace kip::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TpmLines, AreThoseWithItsOptions) {
  EXPECT_THAT(tpm_lines("# root UUID=1 - tpm2-device=auto\n"
                        "root UUID=1 - luks,tpm2-device=auto,discard\n"
                        "\n"
                        "data\tUUID=2\tnone\ttpm2-pcrs=7"),
              ElementsAre(2U, 4U));
}

TEST(TpmLines, AreNoneWhereANameOrKeyOnlySoundsLikeIt) {
  EXPECT_THAT(
      tpm_lines("tpm2-root UUID=1 /etc/tpm2-key luks\nshort\ndata UUID=2 none luks,x-tpm2-y\n"),
      IsEmpty());
  EXPECT_THAT(tpm_lines(""), IsEmpty());
}

TEST(SealedByTpm, NamesTheLineAndThePolicy) {
  const support::TempDir dir;
  const auto root = Root::at(dir.path());
  ASSERT_TRUE(root);
  EXPECT_THAT(sealed_by_tpm(*root), IsEmpty());
  dir.write("etc/crypttab", "root UUID=1 - tpm2-device=auto\n");
  dir.write("var/lib/systemd/pcrlock.json", "{}");
  EXPECT_THAT(sealed_by_tpm(*root),
              ElementsAre("/etc/crypttab:1", "/var/lib/systemd/pcrlock.json"));
}

}  // namespace
}  // namespace kip::host
