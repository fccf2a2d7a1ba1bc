"""PyTorch's training step of the CIFAR-10 network: eager, compiled, or recorded as a CUDA graph by hand; the images are on the GPU."""

import contextlib
import gc
import time

import timing

MODES = ("eager", "reduce-overhead", "max-autotune", "graph")
NAMES = {
    "eager": "PyTorch eager",
    "reduce-overhead": "torch.compile reduce-overhead",
    "max-autotune": "torch.compile max-autotune",
    "graph": "PyTorch, graph by hand",
}

arguments = timing.parse_arguments(MODES)
try:
    import torch
    from torch import nn
except ImportError as fault:
    timing.skip(f"PyTorch is not installed: {fault}")
if not torch.cuda.is_available():
    timing.skip("PyTorch sees no CUDA device")

BATCHES_ON_DEVICE = 8
LEARNING_RATE = 1e-4


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
            nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        )
        self.classifier = nn.Sequential(nn.Linear(6 * 6 * 64, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10))

    def forward(self, images):
        # Rows, columns, channels, as in Keras; in this memory format that is no copy.
        return self.classifier(self.features(images).permute(0, 2, 3, 1).flatten(1))


class Trainer:
    """A network, its optimizer, and batches that are on the GPU from the start."""

    def __init__(self, mode, precision, batch):
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.manual_seed(0)
        self.mode = mode
        self.precision = precision
        self.network = Network().cuda().to(memory_format=torch.channels_last)
        recorded = mode == "graph"
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, fused=True, capturable=recorded)
        self.loss = nn.CrossEntropyLoss()
        self.images = torch.rand(BATCHES_ON_DEVICE, batch, 3, 32, 32, device="cuda")
        self.images = [part.contiguous(memory_format=torch.channels_last) for part in self.images]
        self.labels = torch.randint(10, (BATCHES_ON_DEVICE, batch), device="cuda")
        self.count = 0
        self.forward = self.compute_loss
        if mode in ("reduce-overhead", "max-autotune"):
            self.forward = torch.compile(self.compute_loss, mode=mode)
        self.recording = None

    def compute_loss(self, images, labels):
        lower = torch.autocast("cuda", dtype=torch.bfloat16) if self.precision == "bf16" else contextlib.nullcontext()
        with lower:
            return self.loss(self.network(images), labels)

    def train(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        self.forward(images, labels).backward()
        self.optimizer.step()

    def next_batch(self):
        index = self.count % BATCHES_ON_DEVICE
        self.count += 1
        return self.images[index], self.labels[index]

    def record(self):
        self.static_images = self.images[0].clone(memory_format=torch.channels_last)
        self.static_labels = self.labels[0].clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.train(self.static_images, self.static_labels)
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)
        recording = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recording):
            self.forward(self.static_images, self.static_labels).backward()
            self.optimizer.step()
        self.recording = recording

    def step(self):
        images, labels = self.next_batch()
        if self.mode != "graph":
            if self.mode != "eager":
                torch.compiler.cudagraph_mark_step_begin()
            self.train(images, labels)
            return
        if self.recording is None:
            self.record()
        self.static_images.copy_(images)
        self.static_labels.copy_(labels)
        self.recording.replay()


def time_block(trainer, steps):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(steps):
        trainer.step()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1000


def measure(mode, precision, batch, seconds):
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    begin = time.perf_counter()
    trainer = Trainer(mode, precision, batch)
    trainer.step()
    torch.cuda.synchronize()
    first_step = time.perf_counter() - begin
    samples = timing.take_samples(lambda steps: time_block(trainer, steps), seconds)
    timing.report(
        NAMES[mode], precision, batch, samples, first_step, torch.cuda.max_memory_allocated(), "device events",
        version=torch.__version__, cudnn=torch.backends.cudnn.version(),
    )


for wanted_batch in arguments.batch:
    for wanted_precision in arguments.precision:
        try:
            measure(arguments.mode, wanted_precision, wanted_batch, arguments.seconds)
        except Exception as fault:  # whatever it is, the next configuration may work
            timing.report_failure(NAMES[arguments.mode], wanted_precision, wanted_batch, fault)
        if arguments.mode in ("reduce-overhead", "max-autotune"):
            torch._dynamo.reset()
