// A module that another one depends on, and that itself depends on one of the kernel's own.
#include <linux/crc-itu-t.h>
#include <linux/module.h>

u16 kip_test_sum(const u8 *data, size_t size);

u16 kip_test_sum(const u8 *data, size_t size)
{
	return crc_itu_t(0, data, size);
}
EXPORT_SYMBOL_GPL(kip_test_sum);

MODULE_DESCRIPTION("Exports a symbol");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");
