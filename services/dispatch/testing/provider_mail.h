#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "services/dispatch/transports/provider_api.h"

namespace lmsmail::dispatch {

// A mail to `name` as the composer makes it. Mails to different names share their content.
inline OutgoingMail MailTo(const std::string& name) {
  auto parts = std::make_shared<MailParts>();
  const std::string link = fmt::format("https://m.school.example/u/{}", name);
  parts->category = "content";
  parts->recipient_name = name;
  parts->subject = fmt::format("News for {}", name);
  parts->text = fmt::format("Dear {},\nstop: {}\n", name, link);
  parts->html = fmt::format("<p>Dear {}</p><a href=\"{}\">stop</a>", name, link);
  parts->personal_values = {link, name};
  OutgoingMail mail;
  mail.recipient = fmt::format("{}@students.example", name);
  mail.message = fmt::format(
      "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nFrom: The School <mail@school.example>\r\n"
      "To: {0} <{0}@students.example>\r\nSubject: News for {0}\r\n"
      "Message-ID: <{0}.1@school.example>\r\nMIME-Version: 1.0\r\n"
      "List-Unsubscribe:\r\n <{1}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
      "Content-Type: text/plain\r\n\r\nbody\r\n",
      name, link);
  mail.parts = std::move(parts);
  return mail;
}

inline ProviderMail ProviderMailTo(const std::string& name, TagStyle style) {
  ProviderMail mail{.mail = MailTo(name), .content = {}};
  mail.content = ShareContent(*mail.mail.parts, style);
  return mail;
}

}  // namespace lmsmail::dispatch
