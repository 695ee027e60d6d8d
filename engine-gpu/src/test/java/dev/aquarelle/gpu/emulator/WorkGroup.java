package dev.aquarelle.gpu.emulator;

import dev.aquarelle.gpu.plan.Launch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.KernelContext;

/** A group of work items: each a virtual thread where they wait for each other, else one after the other. */
final class WorkGroup {
    private final Launch launch;
    private final int x;
    private final int y;
    private final int z;
    private final int items;
    private final CyclicBarrier barrier;
    private final List<float[]> local = new ArrayList<>();
    private final AtomicInteger ended = new AtomicInteger();
    private volatile Throwable failure;

    WorkGroup(Launch launch, int x, int y, int z) {
        this.launch = launch;
        this.x = x;
        this.y = y;
        this.z = z;
        items = launch.kernel().width() * launch.kernel().height();
        barrier = new CyclicBarrier(items);
    }

    /** Items begin in random order, so that not always the same one is the first or the last to write. */
    void run(Consumer<KernelContext> kernel, Random random) {
        List<Item> contexts = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            contexts.add(new Item(item));
        }
        Collections.shuffle(contexts, random);
        if (!launch.kernel().hasBarriers()) {
            contexts.forEach(kernel);
            return;
        }
        Thread[] threads = new Thread[items];
        for (int item = 0; item < items; item++) {
            Item context = contexts.get(item);
            threads[item] = Thread.ofVirtual().start(() -> {
                try {
                    kernel.accept(context);
                    end();
                } catch (Throwable e) {
                    fail(e);
                }
            });
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (failure != null) {
            throw new AssertionError("%s, group %d, %d, %d".formatted(launch.kernel(), x, y, z), failure);
        }
    }

    /** Those that wait would wait for ever. */
    private void end() {
        ended.incrementAndGet();
        if (barrier.getNumberWaiting() > 0) {
            barrier.reset();
        }
    }

    private synchronized void fail(Throwable e) {
        failure = failure == null || failure instanceof BrokenBarrierException ? e : failure;
        barrier.reset();
    }

    /** Memory of the group: the first item that asks for it makes it, full of NaN. */
    private synchronized float[] local(int index, int size) {
        while (local.size() <= index) {
            float[] memory = new float[size];
            Arrays.fill(memory, Float.NaN);
            local.add(memory);
        }
        return local.get(index);
    }

    /** A work item. */
    private final class Item extends KernelContext {
        private int allocated;

        Item(int item) {
            int width = launch.kernel().width();
            int height = launch.kernel().height();
            int localX = item % width;
            int localY = item / width;
            Positions.set(this, x * width + localX, y * height + localY, z, x, y, z, localX, localY, 0);
        }

        @Override
        public void localBarrier() {
            if (!launch.kernel().hasBarriers()) {
                throw new AssertionError(launch.kernel() + " is said to have no barriers");
            }
            if (ended.get() > 0) {
                throw new AssertionError("a work item waits where others have ended");
            }
            try {
                barrier.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException("not all work items of the group come to the barrier", e);
            }
        }

        @Override
        public float[] allocateFloatLocalArray(int size) {
            return local(allocated++, size);
        }
    }
}
