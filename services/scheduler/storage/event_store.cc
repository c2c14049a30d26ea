#include "services/scheduler/storage/event_store.h"

#include <algorithm>

namespace lmsmail::scheduler {

TaskState StoredEvent::state() const {
  for (const TaskState state : {TaskState::kFailed, TaskState::kWaiting, TaskState::kPending}) {
    if (std::ranges::find(tasks, state, &TaskOutcome::state) != tasks.end()) return state;
  }
  return TaskState::kDone;
}

}  // namespace lmsmail::scheduler
