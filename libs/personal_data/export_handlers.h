#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/personal_data/erasure.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/type/v1/export.pb.h"

namespace lmsmail::personal_data {

// Handles ExportRecipient, which every service has that keeps something about people. Thread-safe.
class ExportHandlers {
 public:
  // A field of the records in a list that holds a serialized message in base64, and is exported as
  // JSON.
  struct Serialized {
    std::string list;
    std::string field;
    const google::protobuf::Message& prototype;
  };

  // `data` must outlive this.
  explicit ExportHandlers(PersonalData& data, std::vector<Serialized> serialized = {})
      : data_(data), serialized_(std::move(serialized)) {}

  absl::Status ExportRecipient(const rpc::CallInfo& call,
                               const type::v1::ExportRecipientRequest& request,
                               type::v1::ExportRecipientResponse& response);

 private:
  PersonalData& data_;
  const std::vector<Serialized> serialized_;
};

}  // namespace lmsmail::personal_data
