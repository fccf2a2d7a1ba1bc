#include "decision.h"

#include "choice_file.h"

#include <algorithm>
#include <cstdlib>

namespace compiled::cuda::cudnn {

namespace {

constexpr const char* TuningVariable = "COMPILED_CUDA_TUNING";
constexpr int Rounds = 5; // of which the best counts
constexpr int RunsOfRound = 4;

int64_t bytes_of(int64_t floats) {
    return floats * static_cast<int64_t>(sizeof(float));
}

class Event {
public:
    Event() { check(cudaEventCreate(&_event), "making an event"); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { cudaEventDestroy(_event); }
    operator cudaEvent_t() const { return _event; }

private:
    cudaEvent_t _event = nullptr;
};

// Per run, after one that does not count.
template <class Run>
double milliseconds_of(Context& context, const Run& run) {
    Event begin, end;
    run();
    float best = 0.0f;
    for (int round = 0; round < Rounds; ++round) {
        check(cudaEventRecord(begin, context.stream()), "timing kernels");
        for (int i = 0; i < RunsOfRound; ++i) {
            run();
        }
        check(cudaEventRecord(end, context.stream()), "timing kernels");
        check(cudaEventSynchronize(end), "timing kernels");
        float milliseconds = 0.0f;
        check(cudaEventElapsedTime(&milliseconds, begin, end), "timing kernels");
        best = round == 0 ? milliseconds : std::min(best, milliseconds);
    }
    return static_cast<double>(best) / RunsOfRound;
}

std::string choice_path(Context& context, int64_t version) {
    std::string folder = choice_folder();
    return folder.empty() ? "" : folder + '/' + choice_file_name(context.device_name(), version);
}

class DirectionDecision {
public:
    DirectionDecision(Context& context, const cn_conv2d_desc& desc, CudnnConv2D& cudnn, const OwnKernels& own, Direction direction)
        : _context(context), _desc(desc), _cudnn(cudnn), _direction(direction),
          _tiled(direction == Direction::Forward ? own.tiled_forward : own.tiled_backward),
          _own(direction == Direction::Forward ? own.forward : own.backward), _key(stage_key(desc, direction)) {}

    // Whether cuDNN computes the direction; then it is prepared for it.
    bool decide(Tuning tuning) {
        _choices = _cudnn.choices(_direction);
        if (_choices.empty()) {
            return false;
        }
        std::string path = tuning == Tuning::Off ? "" : choice_path(_context, _cudnn.version());
        Choice choice;
        if (finds(path, choice)) {
            return choice.cudnn;
        }
        if (tuning == Tuning::On && contest(choice)) {
            write_choice(path, _key, to_text(choice)); // not written: measured again the next time
            return choice.cudnn;
        }
        return prefers_cudnn(_tiled) && prepare_any();
    }

private:
    // In the file, and works.
    bool finds(const std::string& path, Choice& choice) {
        if (path.empty()) {
            return false;
        }
        std::map<std::string, std::string> lines = read_choices(path);
        auto line = lines.find(_key);
        return line != lines.end() && parse_choice(line->second, _desc, _direction, choice) &&
               (!choice.cudnn || _cudnn.prepare(_direction, choice));
    }

    bool prepare_any() {
        return std::any_of(_choices.begin(), _choices.end(), [&](const Choice& choice) { return _cudnn.prepare(_direction, choice); });
    }

    // False: there is no memory for it.
    bool contest(Choice& winner) {
        try {
            StageTensors tensors(_context, _desc);
            winner = fastest_of(tensors);
        } catch (const Error& error) {
            if (error.status() != CN_STATUS_OUT_OF_MEMORY) {
                throw;
            }
            return false;
        }
        return !winner.cudnn || _cudnn.prepare(_direction, winner);
    }

    Choice fastest_of(const StageTensors& tensors) {
        std::vector<Choice> choices{Choice{}};
        std::vector<Entrant> entrants{{milliseconds_of(_context, [&] { _own(tensors); }), 0}};
        for (const Choice& choice : _choices) {
            if (_cudnn.prepare(_direction, choice)) {
                choices.push_back(choice);
                entrants.push_back({milliseconds_of(_context, [&] { run_cudnn(tensors); }), _cudnn.scratch_bytes(_direction)});
            }
        }
        return choices[fastest(entrants)];
    }

    void run_cudnn(const StageTensors& t) {
        auto floats = [](const DeviceMemory& memory) { return StageTensors::pointer<float>(memory); };
        auto* codes = StageTensors::pointer<uint8_t>(t.codes);
        if (_direction == Direction::Forward) {
            _cudnn.forward(t.state_pointer(), floats(t.x), floats(t.kernel), floats(t.bias), nullptr, floats(t.y), codes, true);
        } else {
            _cudnn.backward(t.state_pointer(), floats(t.x), floats(t.kernel), floats(t.y), codes, floats(t.dy), floats(t.dx),
                            floats(t.dkernel), floats(t.dbias));
        }
    }

    Context& _context;
    const cn_conv2d_desc& _desc;
    CudnnConv2D& _cudnn;
    Direction _direction;
    bool _tiled;
    const std::function<void(const StageTensors&)>& _own;
    std::string _key;
    std::vector<Choice> _choices;
};

} // namespace

StageTensors::StageTensors(Context& context, const cn_conv2d_desc& d)
    : x(bytes_of(d.batch * d.input_height * d.input_width * d.input_channels), context.stream()),
      kernel(bytes_of(d.window.height * d.window.width * d.input_channels * d.filters), context.stream()),
      bias(bytes_of(d.use_bias != 0 ? d.filters : 0), context.stream()),
      y(bytes_of(d.batch * d.output_height * d.output_width * d.filters), context.stream()),
      codes(d.pool.height != 0 ? d.batch * d.output_height * d.output_width * d.filters : 0, context.stream()),
      dy(y.bytes(), context.stream()), dx(d.input_gradient != CN_GRADIENT_NONE ? x.bytes() : 0, context.stream()),
      dkernel(kernel.bytes(), context.stream()), dbias(bias.bytes(), context.stream()),
      state(static_cast<int64_t>(sizeof(cn_state)), context.stream()) {
    cn_state values{};
    values.rows = d.batch;
    check(cudaMemcpyAsync(state.data(), &values, sizeof(values), cudaMemcpyHostToDevice, context.stream()), "copying to the device");
    check(cudaStreamSynchronize(context.stream()), "what the device was asked before");
}

Decision decide(Context& context, const cn_conv2d_desc& desc, const OwnKernels& own) {
    Tuning tuning = tuning_of(std::getenv(TuningVariable));
    Decision decision;
    decision.cudnn = CudnnConv2D::make(context, desc);
    if (decision.cudnn != nullptr) {
        decision.forward = DirectionDecision(context, desc, *decision.cudnn, own, Direction::Forward).decide(tuning);
        decision.backward = DirectionDecision(context, desc, *decision.cudnn, own, Direction::Backward).decide(tuning);
    }
    if (!decision.forward && !decision.backward) {
        decision.cudnn = nullptr;
    }
    return decision;
}

} // namespace compiled::cuda::cudnn
