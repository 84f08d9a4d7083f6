// What Linux's own decoders refuse, or never meet, although the command line tools read it: from the
// first bytes of a stream, without decoding.
//
//   if (const auto method = detect(head))
//     if (const auto why = unfit_for_kernel(*method, head)) ...  // sound, but not for an initramfs
//   else if (const char* const what = known_but_unread(head)) ...  // no method at all
//
// Sources, as of Linux 6.12: lib/xz/xz_dec_stream.c, dec_stream_header(); lib/decompress_inflate.c,
// __gunzip(); lib/decompress_unzstd.c, __unzstd(), and lib/zstd/decompress/; lib/decompress.c,
// compressed_formats[].
#pragma once

#include <optional>
#include <string>

#include "src/codec/codec.h"

namespace kip::codec {

/// Why Linux refuses the stream that begins with `head` (Input::kPeek bytes, or all there are), as
/// words for a message; nullopt where nothing speaks against it, and where `head` is too short to
/// tell.
///
/// .xz: a check other than none and CRC32 ("Input was encoded with settings that are not supported
/// by this XZ decoder"). gzip: the magic 1f 9e or a method other than deflate ("Not a gzip file"), and
/// of what a header may have besides its ten bytes anything but a name, since nothing else is stepped
/// over: an extra field, a comment, a checksum. zstd: a dictionary, and a window above 128 MiB.
/// bzip2, .lzma, legacy lz4, lzo: nothing.
std::optional<std::string> unfit_for_kernel(Method method, Bytes head);

/// What begins with `head`, where it is a well known format that no kernel takes for an initramfs:
/// "an lz4 frame; kernels read only the legacy format (lz4 -l)". nullptr for anything else, what
/// detect() knows included.
const char* known_but_unread(Bytes head);

}  // namespace kip::codec
