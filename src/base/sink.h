// Where bytes go: a descriptor, memory, nowhere. What appears as a file is in atomic_file.h.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/result.h"

namespace kip {

/// Where bytes go. Counts them, so that writers of formats know their position.
class Sink {
 public:
  virtual ~Sink() = default;
  Status write(Bytes bytes);
  Status write_zeros(std::uint64_t count);
  std::uint64_t written() const { return written_; }

  /// Appends `size` bytes of an open file. kTruncated if it ends first.
  virtual Status append(int source, std::uint64_t offset, std::uint64_t size);

 protected:
  virtual Status do_write(Bytes bytes) = 0;

  /// For bytes that went another way than write().
  void count(std::uint64_t bytes) { written_ += bytes; }

 private:
  std::uint64_t written_ = 0;
};

class MemorySink : public Sink {
 public:
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 protected:
  Status do_write(Bytes bytes) override;

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Writes to a descriptor that is not ours to close (stdout, a memory file).
class DescriptorSink : public Sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  Status do_write(Bytes bytes) override;

 private:
  int descriptor_;
};

/// Takes everything and keeps nothing: a dry run reads and checks all that it would write.
class NullSink : public Sink {
 protected:
  Status do_write(Bytes bytes) override;
};

}  // namespace kip
