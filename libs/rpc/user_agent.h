#pragma once

#include <string>
#include <string_view>

namespace lmsmail::rpc {

// Sets which of the suite's services this process is, "scheduler", for the user agent of its calls:
// "lmsmail-scheduler grpc-c++/1.51.1 ...". For channels that are made later.
void SetServiceName(std::string_view name);

// What NewChannel() puts before gRPC's own user agent; may be empty.
std::string UserAgentPrefix();

// "scheduler"; empty for the user agent of another program.
std::string_view ServiceOfUserAgent(std::string_view user_agent);

}  // namespace lmsmail::rpc
