// A module that nobody asks for.
#include <linux/module.h>

MODULE_DESCRIPTION("Stays out");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
