// A /sys of the test's own: devices, what they are made of, and what drives them, linked as a kernel links them.
#pragma once

#include <algorithm>
#include <string>

#include "tests/support/temp_dir.h"

namespace kip::host {

class FakeSys {
 public:
  explicit FakeSys(const support::TempDir& root) : root_(root) {}

  const support::TempDir& root() const { return root_; }

  // Of `path` below /sys/devices; returns it.
  std::string device(const std::string& number, const std::string& path) const {
    root_.directory("sys/devices/" + path);
    root_.link("sys/dev/block/" + number, "../../devices/" + path);
    root_.link("sys/class/block/" + path.substr(path.rfind('/') + 1), "../../devices/" + path);
    return path;
  }

  std::string partition(const std::string& number, const std::string& disk,
                        const std::string& name) const {
    root_.write("sys/devices/" + disk + "/" + name + "/partition", "1\n");
    return device(number, disk + "/" + name);
  }

  // One of the device mapper.
  std::string mapped(const std::string& number, const std::string& name, const std::string& uuid,
                     const std::string& mapper_name = "") const {
    const std::string path = device(number, "virtual/block/" + name);
    root_.write("sys/devices/" + path + "/dm/uuid", uuid + "\n");
    root_.write("sys/devices/" + path + "/dm/name", mapper_name + "\n");
    return path;
  }

  std::string md(const std::string& number, const std::string& name,
                 const std::string& level) const {
    const std::string path = device(number, "virtual/block/" + name);
    root_.write("sys/devices/" + path + "/md/level", level + "\n");
    return path;
  }

  void slave(const std::string& of, const std::string& path) const {
    std::string up = "../../";
    for (const char c : of) up += c == '/' ? "../" : "";
    root_.link("sys/devices/" + of + "/slaves/" + path.substr(path.rfind('/') + 1), up + path);
  }

  void driver(const std::string& path, const std::string& module) const {
    const std::string driver = "sys/bus/any/drivers/of-" + module;
    root_.directory("sys/module/" + module);
    if (!support::exists(root_ / driver))
      root_.link(driver + "/module", "../../../../module/" + module);
    root_.link("sys/devices/" + path + "/driver", "/" + driver);
  }

  // An NVMe disk and its controller.
  std::string nvme(const std::string& number, const std::string& name = "nvme0n1") const {
    const std::string controller = "pci0000:00/0000:00:0e.0/nvme/nvme0";
    driver("pci0000:00/0000:00:0e.0", "nvme");
    return device(number, controller + "/" + name);
  }

  void mount(const std::string& type, const std::string& source,
             const std::string& number = "0:25") const {
    root_.write("proc/self/mountinfo",
                "27 1 " + number + " / / rw - " + type + " " + source + " rw\n");
  }

 private:
  const support::TempDir& root_;
};

}  // namespace kip::host
