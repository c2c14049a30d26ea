#include "libs/smtp/mail.h"

namespace lmsmail::smtp {

std::string_view ToString(Phase phase) {
  switch (phase) {
    case Phase::kNotStarted:
      return "not started";
    case Phase::kEnvelope:
      return "envelope";
    case Phase::kData:
      return "data";
    case Phase::kDotSent:
      return "dot sent";
    case Phase::kReplied:
      return "replied";
  }
  return "";
}

std::string_view ToString(Result::Kind kind) {
  switch (kind) {
    case Result::Kind::kAccepted:
      return "accepted";
    case Result::Kind::kRejectedTemporary:
      return "temporarily rejected";
    case Result::Kind::kRejectedPermanent:
      return "permanently rejected";
    case Result::Kind::kConnectionError:
      return "connection error";
    case Result::Kind::kAmbiguous:
      return "ambiguous";
    case Result::Kind::kCancelled:
      return "cancelled";
  }
  return "";
}

}  // namespace lmsmail::smtp
