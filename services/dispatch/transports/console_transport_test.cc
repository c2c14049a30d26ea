#include "services/dispatch/transports/console_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "libs/telemetry/testing/scoped_log_capture.h"

namespace lmsmail::dispatch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

DeliveryResult Deliver(ConsoleTransport& transport) {
  OutgoingMail mail;
  mail.recipient = "ada@students.example";
  mail.message = "Subject: Receipt\r\n\r\nDear Ada\r\n";
  DeliveryResult result;
  transport.Send(std::move(mail), [&](DeliveryResult it) { result = std::move(it); });
  return result;
}

TEST(ConsoleTransportTest, PrintsMail) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const out = open_memstream(&text, &size);
  ConsoleTransport transport("console", {}, out);
  EXPECT_EQ(Deliver(transport).reply_text, "printed");
  std::fclose(out);
  EXPECT_THAT(text, AllOf(HasSubstr("<ada@students.example>"), HasSubstr("Dear Ada")));
  std::free(text);
}

TEST(ConsoleTransportTest, LogsNeitherAddressNorContentWithoutAPlaceToPrint) {
  const telemetry::ScopedLogCapture log;
  ConsoleTransport transport("console", {}, nullptr);
  const DeliveryResult result = Deliver(transport);
  EXPECT_EQ(result.kind, DeliveryResult::Kind::kAccepted);
  EXPECT_THAT(result.reply_text, HasSubstr("neither sent nor printed"));
  ASSERT_THAT(log.events(), Not(IsEmpty()));
  for (const telemetry::LoggedEvent& event : log.events()) {
    std::string text = event.message;
    for (const auto& [name, value] : event.fields) text += " " + value;
    EXPECT_THAT(text,
                AllOf(Not(HasSubstr("ada")), Not(HasSubstr("Ada")), Not(HasSubstr("Receipt"))));
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
