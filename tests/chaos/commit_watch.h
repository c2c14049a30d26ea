#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::chaos {

// Parses what one client sends to PostgreSQL to detect commits: a COMMIT statement, or a statement
// outside of a transaction. Message format: PostgreSQL manual 55.7.
class CommitWatch {
 public:
  // Processes the next octets, split anywhere. Returns true if they complete a simple query
  // "COMMIT", or a Sync outside of a transaction.
  bool Feed(std::string_view bytes);

 private:
  bool ConsumeHeader(std::string_view& bytes);
  bool EndMessage();

  bool in_transaction_ = false;
  bool started_ = false;    // after the start-up packet, which has no type octet
  std::string header_;      // type and length, possibly incomplete
  std::size_t length_ = 0;  // of the current body
  std::size_t left_ = 0;    // octets of it that are missing
  std::string body_;        // its first octets
};

}  // namespace lmsmail::chaos
