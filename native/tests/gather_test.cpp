// Batches gathered from a data set against plain indexing: inputs of both kinds, targets of all three, orders that name no sample.
#include "device.h"

using namespace device;

namespace {

struct DataSet {
    int64_t samples, inputs, targets;
    std::vector<uint8_t> bytes;
    std::vector<float> floats;
    std::vector<int32_t> ids; // class numbers; some are none
    std::vector<int32_t> order;

    DataSet(int64_t samples_, int64_t inputs_, int64_t targets_) : samples(samples_), inputs(inputs_), targets(targets_) {
        Random random(static_cast<uint64_t>(samples * 31 + inputs));
        for (int64_t i = 0; i < samples * inputs; ++i) {
            bytes.push_back(static_cast<uint8_t>(random.next_int(0, 255)));
            floats.push_back(static_cast<float>(random.next(-2, 2)));
        }
        for (int64_t i = 0; i < samples * targets; ++i) {
            ids.push_back(static_cast<int32_t>(random.next_int(-1, targets)));
        }
        for (int64_t i = 0; i < samples; ++i) {
            order.push_back(static_cast<int32_t>(random.next_int(-1, samples)));
        }
    }

    int64_t sample(int64_t place) const {
        int64_t index = order[static_cast<size_t>(place % samples)];
        return index >= 0 && index < samples ? index : -1;
    }
};

constexpr float Scale = 1.0f / 255.0f;

std::vector<double> expected_inputs(const DataSet& data, int32_t input, int64_t position, int64_t rows) {
    std::vector<double> expected;
    for (int64_t i = 0; i < rows; ++i) {
        int64_t sample = data.sample(position + i);
        for (int64_t element = 0; element < data.inputs; ++element) {
            auto index = static_cast<size_t>(sample * data.inputs + element);
            float value = sample < 0                       ? NAN
                          : input == CN_GATHER_INPUT_UINT8 ? static_cast<float>(data.bytes[index]) * Scale
                                                           : data.floats[index];
            expected.push_back(static_cast<double>(value));
        }
    }
    return expected;
}

// As floats; class numbers are small, so exact.
std::vector<double> expected_targets(const DataSet& data, int32_t target, int64_t position, int64_t rows) {
    std::vector<double> expected;
    for (int64_t i = 0; i < rows; ++i) {
        int64_t sample = data.sample(position + i);
        for (int64_t element = 0; element < data.targets; ++element) {
            int32_t own = sample < 0 ? -1 : data.ids[static_cast<size_t>(sample * data.targets + element)];
            int32_t single = sample < 0 ? -1 : data.ids[static_cast<size_t>(sample)];
            double value = target == CN_GATHER_TARGET_ONE_HOT    ? (single == element ? 1.0 : 0.0)
                           : target == CN_GATHER_TARGET_CLASS_ID ? own
                           : sample < 0                          ? static_cast<double>(NAN)
                                                                 : own;
            expected.push_back(value);
        }
    }
    return expected;
}

void test_gather(const Device& device, const DataSet& data, int32_t input, int32_t target, int64_t batch, int64_t rows) {
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_gather_create, context, cn_gather_desc{0, input, batch, data.samples, data.inputs, data.targets, target, Scale});
        State state(context, state_of(rows));
        int64_t position = data.samples - 1;
        Value<cn_cursor> cursor(context, {position});
        Array<uint8_t> bytes(context, data.bytes);
        Array<float> floats(context, data.floats), float_targets(context, std::vector<float>(data.ids.begin(), data.ids.end()));
        Array<int32_t> ids(context, data.ids), order(context, data.order);
        const void* inputs = input == CN_GATHER_INPUT_UINT8 ? static_cast<const void*>(bytes.data()) : floats.data();
        const void* targets = target == CN_GATHER_TARGET_FLOAT32 ? static_cast<const void*>(float_targets.data()) : ids.data();
        Array<float> x(context, static_cast<size_t>(rows * data.inputs));
        Array<float> t(context, static_cast<size_t>(rows * data.targets));
        Array<int32_t> numbers(context, t.size());
        bool is_id = target == CN_GATHER_TARGET_CLASS_ID;
        for (int round = 0; round < 2; ++round) {
            ok(cn_gather_forward(op, state, inputs, targets, order, cursor, x, is_id ? static_cast<void*>(numbers.data()) : t.data()));
            std::vector<float> got = t.values();
            if (is_id) {
                std::vector<int32_t> whole = numbers.values();
                got.assign(whole.begin(), whole.end());
            }
            CHECK_CLOSE(expected_inputs(data, input, position, rows), x.values(), 0, 0);
            CHECK_CLOSE(expected_targets(data, target, position, rows), got, 0, 0);
            position += rows;
            CHECK(cursor.value().position == position);
        }
    });
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        DataSet one(1, 1, 1), small(7, 5, 3), large(40, 9001, 2), even(9, 1028, 10);
        test_gather(device, one, CN_GATHER_INPUT_UINT8, CN_GATHER_TARGET_ONE_HOT, 1, 1);
        test_gather(device, small, CN_GATHER_INPUT_UINT8, CN_GATHER_TARGET_CLASS_ID, 4, 4);
        test_gather(device, small, CN_GATHER_INPUT_FLOAT32, CN_GATHER_TARGET_FLOAT32, 4, 3);
        test_gather(device, even, CN_GATHER_INPUT_UINT8, CN_GATHER_TARGET_ONE_HOT, 4, 4);
        test_gather(device, even, CN_GATHER_INPUT_FLOAT32, CN_GATHER_TARGET_CLASS_ID, 4, 4);
        test_gather(device, large, CN_GATHER_INPUT_UINT8, CN_GATHER_TARGET_ONE_HOT, 6, 5);
    });
    return check::result();
}
