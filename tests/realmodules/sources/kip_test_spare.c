// A module that nobody asks for, until the root file system is said to be its.
#include <linux/fs.h>
#include <linux/module.h>

MODULE_ALIAS_FS("kiptestfs");
MODULE_DESCRIPTION("Stays out");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
