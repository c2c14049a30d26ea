#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/in_process_server.h"
#include "services/dispatch/api/dispatch_service.h"
#include "services/dispatch/testing/fake_message_log.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {

using Stub = v1::DispatchService::StubInterface;

// The service over gRPC, with a fake store. Mail is sent when the test calls SendDue().
class DispatchServiceTest : public SenderFixture {
 protected:
  template <typename Method, typename Request>
  auto Call(Method method, const Request& request) {
    return rpc::Call(*stub_, method, request, rpc::WithTimeout(absl::Seconds(20)));
  }

  static v1::SendRequest ToAda(const std::string& request_id) {
    v1::SendRequest request;
    request.set_request_id(request_id);
    request.set_template_("templates/enrollment");
    request.mutable_target()->set_recipient("recipients/ada");
    (*request.mutable_context()->mutable_fields())["course"].set_string_value("C++");
    return request;
  }
  v1::Message Sent(const std::string& request_id) {
    auto message = Call(&Stub::Send, ToAda(request_id));
    EXPECT_OK(message);
    SendDue();
    return message.value_or(v1::Message{});
  }
  void SendDue() {
    for (const Lane lane : kLanes) {
      const auto id = store_.NextClaimId();
      auto claim = store_.TakeDue(*id, "test", lane, 1000, absl::Seconds(60));
      if (claim->mails.empty()) continue;
      claims_.Open(*claim, clock_.Now() + absl::Seconds(55));
      sender_.Process({*std::move(claim), clock_.Now()});
      flusher_.FlushAll();
    }
  }
  v1::GetMessageRequest ByKey(const std::string& request_id) {
    v1::GetMessageRequest request;
    request.set_request_id(request_id);
    return request;
  }

  FakeMessageLog log_{store_};
  Submitter submitter_{{.clock = clock_,
                        .templates = templates_,
                        .queue = store_,
                        .log = log_,
                        .transports = transports_.Names()}};
  RawMessages raw_messages_{recipients_,  templates_,      transports_, site_,
                            message_ids_, address_hashes_, nullptr,     1 << 20};
  EventRecorder events_{log_, recipients_, tracking_, consent_, address_hashes_, bounces_};
  QueueMaintenance maintenance_{store_, clock_, metrics_, {}};
  SubmissionHandlers send_{submitter_, message_ids_};
  MessageHandlers messages_{{.clock = clock_,
                             .queue = store_,
                             .log = log_,
                             .raw_messages = raw_messages_,
                             .events = events_,
                             .message_ids = message_ids_}};
  QueueHandlers queue_{{.clock = clock_,
                        .queue = store_,
                        .log = log_,
                        .maintenance = maintenance_,
                        .transports = transports_}};
  rpc::TestRunner runner_;
  DispatchService service_{runner_.get(), send_, messages_, queue_, runner_.audit_handlers()};
  rpc::InProcessServer server_{{rpc::Host<v1::DispatchService>(service_)}};
  std::unique_ptr<v1::DispatchService::Stub> stub_ = server_.NewStub<v1::DispatchService>();
};

}  // namespace lmsmail::dispatch
