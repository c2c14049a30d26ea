#pragma once

#include <gmock/gmock.h>

#include <string>

#include "tests/integration/suite/arrived_mail.pb.h"

namespace lmsmail::integration {

// Matches a mail with one recipient, text and HTML parts, and no defects. Every mail that the
// product sends must match.
MATCHER_P(IsWellFormedTo, address, "") {
  *result_listener << arg.ShortDebugString();
  const auto& types = arg.content_types();
  return arg.defects().empty() && arg.envelope_to_size() == 1 && arg.envelope_to(0) == address &&
         arg.header().at("to").find(address) != std::string::npos && !arg.text().empty() &&
         !arg.html().empty() && types.size() == 3 && types[0] == "multipart/alternative" &&
         types[1] == "text/plain" && types[2] == "text/html";
}

MATCHER_P2(HasHeader, name, value, "") {
  const auto found = arg.header().find(name);
  if (found == arg.header().end()) {
    *result_listener << "has no " << name;
    return false;
  }
  return ::testing::ExplainMatchResult(::testing::Matcher<std::string>(value), found->second,
                                       result_listener);
}

MATCHER_P(LacksHeader, name, "") { return !arg.header().contains(name); }

// RFC 8058: a mail program can unsubscribe without showing a page.
inline auto OffersOneClickUnsubscribe() {
  return ::testing::AllOf(HasHeader("list-unsubscribe", ::testing::HasSubstr("http")),
                          HasHeader("list-unsubscribe-post", "List-Unsubscribe=One-Click"));
}

inline auto OffersNoUnsubscribe() {
  return ::testing::AllOf(LacksHeader("list-unsubscribe"), LacksHeader("list-unsubscribe-post"));
}

}  // namespace lmsmail::integration
