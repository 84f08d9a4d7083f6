#include <algorithm>
#include <fmt/format.h>

#include "src/modules/signature.h"

namespace kip::modules {
namespace {

constexpr std::string_view kMark = "~Module signature appended~\n";

struct Trailer {
  std::uint8_t algorithm, hash, kind, signer_size, key_size;
  std::uint8_t zeros[3];
  std::uint8_t size[4];
};
static_assert(sizeof(Trailer) == 12 && alignof(Trailer) == 1);

constexpr std::uint8_t kPkcs7 = 2;

/// Of the older kinds: enum pkey_hash_algo of their time.
constexpr const char* kHashes[] = {"md4",    "md5",    "sha1",   "rmd160",
                                   "sha256", "sha384", "sha512", "sha224"};

constexpr std::uint8_t kInteger = 0x02, kObject = 0x06, kSequence = 0x30, kSet = 0x31;
constexpr std::uint8_t kContext0 = 0x80, kInContext0 = 0xa0, kInContext1 = 0xa1;

struct Digest {
  std::string_view object;  // its identifier, as DER has it
  const char* name;
};
constexpr Digest kDigests[] = {
    {"\x2b\x0e\x03\x02\x1a", "sha1"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01", "sha256"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02", "sha384"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03", "sha512"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x04", "sha224"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x08", "sha3-256"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x09", "sha3-384"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x0a", "sha3-512"},
};
constexpr std::string_view kCommonName = "\x55\x04\x03";

struct Value {
  std::uint8_t tag = 0;
  Bytes content;
};

/// Values of DER one behind the other.
class Der {
 public:
  explicit Der(Bytes bytes) : in_(bytes) {}

  bool more() const { return !in_.rest().empty(); }

  Result<Value> next() {
    const Bytes head = TRY(in_.take(2));
    std::uint64_t length = head[1];
    if (length >= 0x80) {
      // No length of ours needs more than four bytes; 0x80 alone is BER's "until an end".
      const std::size_t count = head[1] & 0x7f;
      if (count == 0 || count > 4) return fail(Errc::kUnsupported, "a length of another kind");
      length = 0;
      for (const std::uint8_t byte : TRY(in_.take(count))) length = length << 8 | byte;
    }
    return Value{head[0], TRY(in_.take(length))};
  }

  /// The content of the next value, which has to be of this kind.
  Result<Bytes> next(std::uint8_t tag) {
    const Value value = TRY(next());
    if (value.tag != tag) return fail(Errc::kUnsupported, "a value of another kind");
    return value.content;
  }

  /// The next value, if it is of this kind.
  Result<Bytes> next_if(std::uint8_t tag) {
    if (in_.rest().empty() || in_.rest().front() != tag) return Bytes();
    return next(tag);
  }

 private:
  Reader in_;
};

std::string hex_of(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes)
    text += fmt::format("{}{:02X}", text.empty() ? "" : ":", byte);
  return text;
}

// The common name in an issuer's name, which is a list of sets of (object, text).
Result<std::string> common_name(Bytes name) {
  std::string found;
  for (Der sets(name); sets.more();) {
    for (Der pairs(TRY(sets.next(kSet))); pairs.more();) {
      Der pair(TRY(pairs.next(kSequence)));
      const Bytes object = TRY(pair.next(kObject));
      const Value text = TRY(pair.next());
      if (as_text(object) == kCommonName) found = as_text(text.content);
    }
  }
  return found;
}

std::string digest_name(Bytes object) {
  const auto* const found =
      std::find_if(std::begin(kDigests), std::end(kDigests),
                   [&](const Digest& digest) { return digest.object == as_text(object); });
  return found == std::end(kDigests) ? "" : found->name;
}

// Fills in what it gets to.
Status read_signer(Bytes message, Signature& signature) {
  Der outer(TRY(Der(message).next(kSequence)));
  TRY(outer.next(kObject));  // "signed data"
  Der data(TRY(Der(TRY(outer.next(kInContext0))).next(kSequence)));
  TRY(data.next(kInteger));
  TRY(data.next(kSet));       // digests
  TRY(data.next(kSequence));  // what is signed: not here
  TRY(data.next_if(kInContext0));
  TRY(data.next_if(kInContext1));
  Der signer(TRY(Der(TRY(data.next(kSet))).next(kSequence)));
  TRY(signer.next(kInteger));
  const Value who = TRY(signer.next());
  if (who.tag == kSequence) {
    Der parts(who.content);
    const Bytes issuer = TRY(parts.next(kSequence));
    Bytes serial = TRY(parts.next(kInteger));
    if (serial.size() > 1 && serial.front() == 0) serial = serial.subspan(1);  // not a negative one
    signature.key = hex_of(serial);
    signature.signer = TRY(common_name(issuer));
  } else if (who.tag == kContext0) {
    signature.key = hex_of(who.content);
  }
  Der digest(TRY(signer.next(kSequence)));
  signature.algorithm = digest_name(TRY(digest.next(kObject)));
  return {};
}

}  // namespace

Result<SignedModule> split_signature(Bytes module) {
  const std::string_view text = as_text(module);
  if (!text.ends_with(kMark)) return SignedModule{module, std::nullopt};
  const auto contradicts = [&] {
    return fail(Errc::kCorrupt, "the signature behind it contradicts itself",
                module.size() - kMark.size());
  };
  Bytes rest = module.first(module.size() - kMark.size());
  if (rest.size() < sizeof(Trailer)) return contradicts();
  const auto trailer = copy_out<Trailer>(rest.last(sizeof(Trailer)));
  rest = rest.first(rest.size() - sizeof(Trailer));
  std::uint64_t size = 0;
  for (const std::uint8_t byte : trailer.size) size = size << 8 | byte;
  const std::uint64_t names = std::uint64_t{trailer.signer_size} + trailer.key_size;
  if (size == 0 || size + names > rest.size()) return contradicts();

  const Bytes message = rest.last(static_cast<std::size_t>(size));
  rest = rest.first(rest.size() - message.size());
  Signature signature;
  if (trailer.kind == kPkcs7) {
    (void)read_signer(message, signature);
    return SignedModule{rest.first(rest.size() - static_cast<std::size_t>(names)), signature};
  }
  signature.key = hex_of(rest.last(trailer.key_size));
  rest = rest.first(rest.size() - trailer.key_size);
  signature.signer = as_text(rest.last(trailer.signer_size));
  rest = rest.first(rest.size() - trailer.signer_size);
  if (trailer.hash < std::size(kHashes)) signature.algorithm = kHashes[trailer.hash];
  return SignedModule{rest, signature};
}

}  // namespace kip::modules
