#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::chaos {

// Reads along what one client sends to PostgreSQL, to know when it asks for a COMMIT, in so many
// words or by a statement outside of any transaction. Message format: PostgreSQL manual 55.7.
class CommitWatch {
 public:
  // The next octets, however they are cut up. True if among them a simple query "COMMIT" ended, or
  // a Sync that follows no BEGIN.
  bool Feed(std::string_view bytes);

 private:
  bool TakeHeader(std::string_view& bytes);
  bool EndMessage();

  bool in_transaction_ = false;
  bool started_ = false;    // past the start-up packet, which has no type octet
  std::string header_;      // type and length, as far as they have arrived
  std::size_t length_ = 0;  // of the body at hand
  std::size_t left_ = 0;    // of it
  std::string body_;        // its beginning
};

}  // namespace lmsmail::chaos
