// A module with something of everything: it depends on kip_test_base, asks for crc7 before and nls_utf8 after it,
// reads firmware, has an alias and a parameter. It says what it got, for the test to read.
#include <linux/device.h>
#include <linux/firmware.h>
#include <linux/module.h>

#define FIRMWARE "kip/test.bin"

u16 kip_test_sum(const u8 *data, size_t size);

static int number = 1;
module_param(number, int, 0444);
MODULE_PARM_DESC(number, "Any number");

static int __init kip_test_top_init(void)
{
	const struct firmware *firmware;
	struct device *device = root_device_register("kip_test");
	int error;

	if (IS_ERR(device))
		return PTR_ERR(device);
	error = firmware_request_nowarn(&firmware, FIRMWARE, device);
	if (error) {
		pr_info("kip_test: number=%d firmware=none\n", number);
	} else {
		pr_info("kip_test: number=%d firmware=%zu:%04x\n", number, firmware->size,
			kip_test_sum(firmware->data, firmware->size));
		release_firmware(firmware);
	}
	root_device_unregister(device);
	return 0;
}

static void __exit kip_test_top_exit(void)
{
}

module_init(kip_test_top_init);
module_exit(kip_test_top_exit);

MODULE_ALIAS("kip-test:v1d*");
MODULE_SOFTDEP("pre: crc7 post: nls_utf8");
MODULE_FIRMWARE(FIRMWARE);
MODULE_DESCRIPTION("Needs something of everything");
MODULE_VERSION("2.1-kip");
MODULE_LICENSE("GPL");
