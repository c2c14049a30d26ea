#include "services/dispatch/transports/reply_classification.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "libs/smtp/outcome.h"
#include "libs/smtp/reply_parser.h"
#include "services/dispatch/transports/reply_wording.h"

namespace lmsmail::dispatch {
namespace {

using smtp::Command;

// The names of the meanings in smtp_replies.tsv.
std::string MeaningOf(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::kRecipient:
      return refusal.address_dead ? "dead" : "recipient";
    case Refusal::Kind::kMail:
      return refusal.reason == Reason::kTooLarge ? "size" : "content";
    case Refusal::Kind::kSender:
      if (refusal.quota) return "quota";
      return refusal.all_mail ? "login" : "sender";
    case Refusal::Kind::kTemporary:
      break;
  }
  if (refusal.greylisted) return "greylist";
  if (refusal.throttled == Throttled::kTransport) return "throttle";
  return refusal.throttled == Throttled::kRecipientDomain ? "throttle-domain" : "later";
}

Command CommandNamed(const std::string& name) {
  static const std::map<std::string, Command> kCommands = {
      {"connect", Command::kConnect},   {"ehlo", Command::kEhlo},
      {"starttls", Command::kStartTls}, {"auth", Command::kAuth},
      {"mail", Command::kMail},         {"rcpt", Command::kRcpt},
      {"data", Command::kData},         {"message", Command::kMessage}};
  return kCommands.at(name);
}

// Reads the reply as the client reads it from the wire.
Refused ParseReply(Command command, std::string wire, smtp::Result& result) {
  wire = absl::StrReplaceAll(wire, {{"\\n", "\r\n"}}) + "\r\n";
  std::string_view input = wire;
  smtp::ReplyParser parser;
  EXPECT_EQ(parser.Consume(input), smtp::ReplyParser::State::kReply) << wire;
  result = smtp::Rejected(command, parser.reply());
  return {.command = command,
          .code = result.code,
          .enhanced_code = result.enhanced_code,
          .text = result.reply};
}

TEST(ClassifyTest, KnowsTheRepliesOfRealServers) {
  std::ifstream file(SMTP_REPLIES_TSV);
  int replies = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    ASSERT_EQ(columns.size(), 3u) << line;
    smtp::Result result;
    const Refused refused = ParseReply(CommandNamed(columns[0]), columns[1], result);
    EXPECT_EQ(MeaningOf(Classify(refused)), columns[2]) << line;
    ++replies;
  }
  EXPECT_GE(replies, 150);
}

TEST(ClassifyTest, NothingBeforeTheRecipientIsAboutTheRecipientOrAMail) {
  for (const Command command :
       {Command::kConnect, Command::kEhlo, Command::kStartTls, Command::kAuth, Command::kMail}) {
    for (int code = 500; code < 600; ++code) {
      for (const std::string_view text : {"", "No such user", "mailbox unavailable", "spam"}) {
        for (const std::string_view enhanced : {"", "5.1.1", "5.2.1", "5.7.1"}) {
          const Refusal refusal =
              Classify({.command = command, .code = code, .enhanced_code = enhanced, .text = text});
          if (refusal.reason == Reason::kTooLarge) continue;  // 552 to MAIL: RFC 1870
          EXPECT_EQ(refusal.kind, Refusal::Kind::kSender) << code << " " << enhanced << " " << text;
        }
      }
    }
  }
}

TEST(ClassifyTest, ARefusedMessageWithoutACodeNeverCountsAsABounce) {
  for (const Command command : {Command::kData, Command::kMessage}) {
    for (int code = 500; code < 600; ++code) {
      if (code == 556) continue;
      for (const std::string_view text : {"", "No such user", "mailbox unavailable", "recipient"}) {
        EXPECT_NE(
            Classify({.command = command, .code = code, .enhanced_code = {}, .text = text}).kind,
            Refusal::Kind::kRecipient)
            << code << " " << text;
      }
    }
  }
}

TEST(ClassifyTest, NoTemporaryReplyFailsAMail) {
  for (int code = 400; code < 500; ++code) {
    for (const std::string_view text :
         {"", "5.1.1 user unknown", "blocked", "virus", "too large"}) {
      const Refusal refusal = Classify(
          {.command = Command::kMessage, .code = code, .enhanced_code = "4.1.1", .text = text});
      EXPECT_EQ(refusal.kind, Refusal::Kind::kTemporary) << code << " " << text;
      EXPECT_FALSE(refusal.address_dead);
    }
  }
}

TEST(ClassifyTest, AnAddressInTheTextIsNoWording) {
  EXPECT_FALSE(Classify({.command = Command::kRcpt,
                         .code = 550,
                         .enhanced_code = {},
                         .text = "<blocked.spf@school.example>: No such user"})
                   .kind == Refusal::Kind::kSender);
}

TEST(ProvesAddressDeadTest, BelievesAProviderUnlessTheTextNamesAnotherCause) {
  for (const std::string_view text :
       {"", "bounced", "550 5.1.1 no such user", "550-5.1.1 no such user", "5.1.1", "smtp; 5.1.10",
        "500 unknown recipient", "550 mailbox unavailable", "user unknown", "Bounced Address"}) {
    EXPECT_TRUE(ProvesAddressDead(text)) << text;
  }
  for (const std::string_view text :
       {"550 5.7.1 blocked by spamhaus", "552 5.2.2 mailbox full", "blocked: IP on a blocklist",
        "554 5.7.1 spam message rejected", "451 4.7.1 greylisted", "5.7.26 DMARC",
        "550 5.2.1 receiving mail at a rate that prevents delivery", "552 5.3.4 too large",
        "message content rejected", "421 try again later", "Not delivering to unsubscribed address",
        "Not delivering to a user who marked your messages as spam"}) {
    EXPECT_FALSE(ProvesAddressDead(text)) << text;
  }
}

TEST(WithoutAddressesTest, KeepsEverythingElse) {
  EXPECT_EQ(WithoutAddresses("5.7.1 <ann@school.example>: Relay  access\ndenied"),
            "5.7.1 Relay access denied");
}

}  // namespace
}  // namespace lmsmail::dispatch
