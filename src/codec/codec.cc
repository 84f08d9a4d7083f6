#include <algorithm>
#include <string_view>

#include "src/codec/codec.h"
#include "src/codec/context.h"
#include "src/codec/size.h"

namespace kip::codec {
namespace {

struct Magic {
  Method method;
  std::string_view bytes;
};

// Linux lib/decompress.c, compressed_formats[]; xz and zstd with the rest of their magic, which the
// kernel checks later.
constexpr Magic kMagics[] = {
    {Method::kGzip, std::string_view("\x1f\x8b", 2)},
    {Method::kGzip, std::string_view("\x1f\x9e", 2)},
    {Method::kBzip2, std::string_view("BZh", 3)},
    {Method::kLzma, std::string_view("\x5d\0\0", 3)},
    {Method::kXz, std::string_view("\xfd"
                                   "7zXZ\0",
                                   6)},
    {Method::kLzo, std::string_view("\x89LZO", 4)},
    {Method::kLz4Legacy, std::string_view("\x02\x21\x4c\x18", 4)},
    {Method::kZstd, std::string_view("\x28\xb5\x2f\xfd", 4)},
};

class StreamDecoder : public Decoder {
 public:
  StreamDecoder(std::shared_ptr<Context> context, Input& compressed, Method method, Extent extent)
      : context_(std::move(context)), compressed_(compressed), method_(method), extent_(extent) {}

  std::uint64_t consumed() const override { return taken_ - context_->held(); }
  bool failed_behind() const override { return failed_behind_; }

  void set_decoded_size(std::uint64_t size) override {
    if (size >= decoded_) decoded_size_ = size;
  }

 protected:
  Result<std::size_t> do_read(MutableBytes out) override {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      TRY(look_ahead(Context::kAhead));
      auto step = context_->step(Bytes(buffer_).subspan(begin_, end_ - begin_), out.subspan(done));
      if (!step) {
        // What is in front is sound, and kernels have unpacked it by then.
        failed_behind_ = step.error().offset.has_value();
        if (failed_behind_ && extent_ == Extent::kOneStream && done != 0) return done;
        return failed(std::move(step).error());
      }
      begin_ += step->used;
      taken_ += step->used;
      done += step->produced;
      decoded_ += step->produced;
      if (step->stream_ended) TRY(next_stream());
    }
    return done;
  }

  Result<std::uint64_t> do_skip(std::uint64_t count) override {
    if (decoded_size_ && *decoded_size_ >= decoded_ && count >= *decoded_size_ - decoded_) {
      const std::uint64_t moved = *decoded_size_ - decoded_;
      decoded_ = *decoded_size_;
      ended_ = true;
      return moved;
    }
    return skip_by_reading(count);
  }

 private:
  // Where we are, the context does not know.
  tl::unexpected<Error> failed(Error error) const {
    if (error.offset) error.offset = consumed();
    return tl::unexpected<Error>(std::move(error));
  }

  // Has `count` bytes in the buffer, unless the input ends first.
  Status look_ahead(std::size_t count) {
    if (end_ - begin_ >= count || input_ended_) return {};
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    const std::size_t more = TRY(compressed_.read(MutableBytes(buffer_).subspan(end_)));
    input_ended_ = more < buffer_.size() - end_;
    end_ += more;
    return {};
  }

  // At the end of one stream: begins the next one of the same method, or ends.
  Status next_stream() {
    ended_ = true;
    if (extent_ == Extent::kOneStream) return {};
    do {
      TRY(look_ahead(kMagicRoom));
      // Zero bytes between and behind streams are padding to xz and gzip alike.
      while (begin_ < end_ && buffer_[begin_] == 0) ++begin_, ++taken_;
    } while (end_ - begin_ < kMagicRoom && !input_ended_);
    if (begin_ == end_) return {};
    const Bytes head = Bytes(buffer_).subspan(begin_, end_ - begin_);
    const bool skippable = method_ == Method::kZstd && head.size() >= 4 &&
                           (copy_out<le32>(head) & 0xfffffff0) == 0x184d2a50;
    if (detect(head) != method_ && !skippable) {
      failed_behind_ = true;
      return fail(Errc::kCorrupt, std::string("bytes behind the ") + method_name(method_) + " data",
                  taken_);
    }
    ended_ = false;
    return context_->begin();
  }

  static constexpr std::size_t kMagicRoom = 8;

  std::shared_ptr<Context> context_;
  Input& compressed_;
  Method method_;
  Extent extent_;
  std::array<std::uint8_t, 32 * 1024> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool input_ended_ = false, ended_ = false, failed_behind_ = false;
  std::uint64_t taken_ = 0;
  std::uint64_t decoded_ = 0;
  std::optional<std::uint64_t> decoded_size_;
};

using Maker = Result<std::shared_ptr<Context>> (*)();

Maker maker_of(Method method) {
  switch (method) {
    case Method::kXz:
      return make_xz;
    case Method::kZstd:
      return make_zstd;
    case Method::kGzip:
      return make_gzip;
    case Method::kBzip2:
      return make_bzip2;
    case Method::kLzma:
      return make_lzma;
    case Method::kLz4Legacy:
      return make_lz4;
    case Method::kLzo:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

const char* method_name(Method method) {
  switch (method) {
    case Method::kXz:
      return "xz";
    case Method::kZstd:
      return "zstd";
    case Method::kGzip:
      return "gzip";
    case Method::kBzip2:
      return "bzip2";
    case Method::kLzma:
      return "lzma";
    case Method::kLz4Legacy:
      return "lz4 (legacy)";
    case Method::kLzo:
      return "lzo";
  }
  return "";
}

std::optional<Method> detect(Bytes head) {
  for (const Magic& magic : kMagics) {
    if (as_text(head).starts_with(magic.bytes)) return magic.method;
  }
  return std::nullopt;
}

std::optional<Method> method_of_suffix(std::string_view name) {
  if (name.ends_with(".xz")) return Method::kXz;
  if (name.ends_with(".zst")) return Method::kZstd;
  if (name.ends_with(".gz")) return Method::kGzip;
  return std::nullopt;
}

std::optional<std::uint64_t> decoded_size(Method method, int descriptor) {
  if (method == Method::kXz) return xz_decoded_size(descriptor);
  if (method == Method::kZstd) return zstd_decoded_size(descriptor);
  return std::nullopt;
}

Decoders::Decoders() = default;
Decoders::~Decoders() = default;

Result<std::unique_ptr<Decoder>> Decoders::open(Method method, Input& compressed, Extent extent) {
  const auto make = maker_of(method);
  if (make == nullptr)
    return fail(Errc::kUnsupported, std::string(method_name(method)) + " is not decoded");
  // One inside another (an .xz in an archive in an .xz) needs a second context; one after the other
  // does not.
  std::shared_ptr<Context>& kept = contexts_[method];
  if (kept == nullptr || kept.use_count() > 1) kept = TRY(make());
  TRY(kept->begin());
  return std::unique_ptr<Decoder>(
      std::make_unique<StreamDecoder>(kept, compressed, method, extent));
}

}  // namespace kip::codec
