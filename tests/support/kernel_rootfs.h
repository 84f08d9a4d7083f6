// What Linux's unpacker leaves of a whole image, told again: compressed parts are decoded by whoever is asked, names lead through
// symbolic links, hard links share their content. kernel_finder.h's unpack_verdict leaves these out.
//
//   const KernelRoot root(image, decode_as_kernel);
//   root.error()                                  // the kernel's message, or ""
//   root.find("/lib/modules/6.12.0/x.ko")         // as a program would open it
//
// Source: Linux init/initramfs.c, of 6.12.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "tests/support/blob.h"

namespace kip::support {

struct DecodedStream {
  Blob plain;
  std::size_t used = 0;  // bytes of the stream
};

/// Of one stream at the start of the bytes; nullopt: no kernel decodes it.
using StreamDecoder = std::function<std::optional<DecodedStream>(View)>;

struct RootNode {
  std::uint32_t mode = 0;  // with type bits
  Blob data;               // of a regular file
  std::string target;      // of a symbolic link
};

class KernelRoot {
 public:
  KernelRoot(View image, StreamDecoder decode);

  [[nodiscard]] const std::string& error() const { return error_; }

  /// nullptr: there is none. Links are followed, the last part's too.
  [[nodiscard]] const RootNode* find(std::string_view path) const;

  /// What is at the path itself.
  [[nodiscard]] const RootNode* find_itself(std::string_view path) const;

  /// Names of the file at the path itself, its own included.
  [[nodiscard]] std::size_t links(std::string_view path) const;

  /// Everything that is there, by its path without links, "" being the root.
  [[nodiscard]] const std::map<std::string, std::shared_ptr<RootNode>>& nodes() const {
    return nodes_;
  }

 private:
  struct Header;
  using LinkKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  void unpack(View bytes, bool plain);
  void members(View bytes, std::size_t& at);
  bool member(View bytes, std::size_t& at);
  void create(const std::string& name, const Header& header, View data);
  void create_file(const std::string& path, const Header& header, View data);
  void clean(const std::string& path, std::uint32_t type);
  [[nodiscard]] bool has_children(const std::string& path) const;
  [[nodiscard]] std::optional<std::string> resolve(std::string_view path, bool last) const;

  StreamDecoder decode_;
  std::string error_;
  std::map<std::string, std::shared_ptr<RootNode>> nodes_;
  std::map<LinkKey, std::string> links_;
};

}  // namespace kip::support
