// A fleet's file, as its bytes come: nothing is kept but the line or record at hand.
//
//   FleetReader reader(visitor);
//   while (piece) TRY(reader.feed(piece));
//   TRY(reader.finish());
//
// In any order, behind each other: records of `host --json`, on one line or on many, or in an array; texts of /proc/cpuinfo; metrics of
// node_exporter, of which node_cpu_info counts and others are passed over; a SPEC a line. '#' begins a comment.
#pragma once

#include <string>

#include "src/host/cpuinfo.h"

namespace kip::cli {

/// Whoever is told of what a fleet's file holds. An error stops the reader, and gets the line's number.
class FleetVisitor {
 public:
  virtual ~FleetVisitor() = default;

  /// `counts`: whether it is a machine more. Of metrics, a machine's CPUs come one at a time, and the first one counts.
  virtual Status machine(const host::Machine& machine, bool counts) = 0;
  virtual Status spec(std::string_view text) = 0;
};

class FleetReader {
 public:
  /// In bytes. A cpuinfo's longest line, of flags, has 3 KiB; a record takes 200 bytes a kind of CPU.
  static constexpr std::size_t kLineLimit = 64 * 1024;
  static constexpr std::size_t kRecordLimit = 1024 * 1024;

  explicit FleetReader(FleetVisitor& visitor) : visitor_(visitor) {}

  /// kInvalid, or kLimit, with "line 3: " in front of what is wrong.
  Status feed(std::string_view piece);

  /// REQUIRES: feed() did not fail.
  Status finish();

 private:
  Status feed_record(std::string_view& piece);
  Status feed_line(std::string_view& piece);
  Result<bool> feed_json(std::string_view& piece);
  Status end_record();
  Status end_line(std::string_view line);
  Status take(std::string_view line);
  Status take_cpuinfo(std::string_view line);
  Status end_cpuinfo();
  Status take_metric(std::string_view line);

  FleetVisitor& visitor_;
  host::CpuinfoReader cpuinfo_;
  bool metrics_ = false;  // "# TYPE" or "# HELP" was seen: a name and a number are a metric

  std::size_t line_number_ = 1;
  std::string line_;  // what there is of an incomplete line

  std::string record_;
  std::size_t record_line_ = 0;  // where it begins; 0: there is none at hand
  std::size_t depth_ = 0;        // of braces and brackets in it
  std::size_t array_line_ = 0;   // where the array that it is in begins; 0: in none
  bool in_string_ = false, escaped_ = false;
};

}  // namespace kip::cli
