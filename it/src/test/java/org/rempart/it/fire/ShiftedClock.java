/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;

/**
 * Shifts the time of the day of another Java process, as a clock that is set does; the clock that measures spans goes on.
 * It is an agent of that process (JVM Specification, section 4.4, and {@code java.lang.instrument}): whatever asks the
 * system for the time of the day, in the JDK, in libraries and in the server, asks this class. It lies in a jar that is
 * searched for the JDK's own classes, so that these find it too.
 */
public final class ShiftedClock {
    private static final int UTF8 = 1;
    private static final int CLASS = 7;
    private static final int METHOD = 10;

    /** Who tells the time of the day, by class and method. */
    private static final Set<String> CLOCKS =
            Set.of("java/lang/System.currentTimeMillis()J", "jdk/internal/misc/VM.getNanoTimeAdjustment(J)J");

    private static final String SELF = ShiftedClock.class.getName().replace('.', '/');

    private static volatile long shift;

    private ShiftedClock() {}

    /**
     * Makes the agent's jar.
     *
     * @return the option of the JVM that loads it
     * @param shift the file that holds by how many milliseconds the clock is off; it may be changed at any time
     */
    static String option(Path jar, Path shift) throws IOException {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(new Attributes.Name("Premain-Class"), ShiftedClock.class.getName());
        attributes.put(new Attributes.Name("Can-Retransform-Classes"), "true");
        attributes.put(new Attributes.Name("Boot-Class-Path"), jar.getFileName().toString());
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            for (Class<?> type : List.of(ShiftedClock.class, Redirection.class, Pool.class)) {
                String entry = type.getName().replace('.', '/') + ".class";
                out.putNextEntry(new ZipEntry(entry));
                try (InputStream in = type.getClassLoader().getResourceAsStream(entry)) {
                    in.transferTo(out);
                }
            }
        }
        return "-javaagent:" + jar + "=" + shift;
    }

    /** Where the process begins. */
    public static void premain(String file, Instrumentation instrumentation) throws Exception {
        Path source = Path.of(file);
        shift = read(source);
        Thread reader = new Thread(() -> follow(source), "shifted clock");
        reader.setDaemon(true);
        reader.start();
        instrumentation.addTransformer(new Redirection(), true);
        // What was loaded before this, and tells the time to everybody else.
        List<Class<?>> loaded = new ArrayList<>();
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            String name = type.getName();
            if ((name.startsWith("java.time.") || name.startsWith("java.util."))
                    && !type.isInterface()
                    && instrumentation.isModifiableClass(type)) {
                loaded.add(type);
            }
        }
        instrumentation.retransformClasses(loaded.toArray(new Class<?>[0]));
    }

    private static long read(Path source) throws IOException {
        return Long.parseLong(
                Files.readString(source, StandardCharsets.US_ASCII).trim());
    }

    private static void follow(Path source) {
        while (true) {
            try {
                Thread.sleep(100);
                shift = read(source);
            } catch (IOException | NumberFormatException halfWritten) {
                // The next look sees all of it.
            } catch (InterruptedException ended) {
                return;
            }
        }
    }

    /** In the place of {@link System#currentTimeMillis()}. */
    public static long currentTimeMillis() {
        return System.currentTimeMillis() + shift;
    }

    /** In the place of what {@link java.time.Clock} asks: the nanoseconds since so many seconds after the epoch. */
    public static long getNanoTimeAdjustment(long seconds) {
        return (currentTimeMillis() - seconds * 1000) * 1_000_000;
    }

    private static final class Redirection implements ClassFileTransformer {
        @Override
        public byte[] transform(
                ClassLoader loader, String name, Class<?> before, ProtectionDomain domain, byte[] bytes) {
            return name == null || name.startsWith(SELF) ? null : Pool.redirected(bytes);
        }
    }

    /** The constant pool of a class file (JVM Specification, section 4.4), as far as it names methods of others. */
    private static final class Pool {
        private static final int BEGIN = 10;

        private final ByteBuffer bytes;
        private final int[] entries;
        private final int end;

        private Pool(byte[] file) {
            bytes = ByteBuffer.wrap(file);
            int count = bytes.getShort(BEGIN - 2) & 0xFFFF;
            entries = new int[count];
            int at = BEGIN;
            for (int index = 1; index < count; index++) {
                entries[index] = at;
                int tag = bytes.get(at);
                switch (tag) {
                    case UTF8 -> at += 3 + (bytes.getShort(at + 1) & 0xFFFF);
                    case CLASS, 8, 16, 19, 20 -> at += 3;
                    case 15 -> at += 4;
                    case 5, 6 -> {
                        at += 9;
                        // Longs and doubles take two places.
                        index++;
                    }
                    default -> at += 5;
                }
            }
            end = at;
        }

        /** The same class, asking us for the time; null when it never asks. */
        static byte[] redirected(byte[] file) {
            Pool pool = new Pool(file);
            int count = pool.entries.length;
            byte[] changed = null;
            for (int index = 1; index < count; index++) {
                int at = pool.entries[index];
                if (at > 0 && file[at] == METHOD && CLOCKS.contains(pool.method(at))) {
                    changed = changed == null ? file.clone() : changed;
                    // Its class is the second of the two entries that are added behind the others.
                    ByteBuffer.wrap(changed).putShort(at + 1, (short) (count + 1));
                }
            }
            return changed == null ? null : pool.withSelf(changed);
        }

        private byte[] withSelf(byte[] file) {
            int count = entries.length;
            ByteArrayOutputStream whole = new ByteArrayOutputStream(file.length + 64);
            try (DataOutputStream out = new DataOutputStream(whole)) {
                out.write(file, 0, BEGIN - 2);
                out.writeShort(count + 2);
                out.write(file, BEGIN, end - BEGIN);
                out.writeByte(UTF8);
                out.writeUTF(SELF);
                out.writeByte(CLASS);
                out.writeShort(count);
                out.write(file, end, file.length - end);
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
            return whole.toByteArray();
        }

        private String method(int at) {
            int nameAndType = reference(at + 3);
            return utf8(reference(reference(at + 1) + 1)) + "." + utf8(reference(nameAndType + 1))
                    + utf8(reference(nameAndType + 3));
        }

        private int reference(int at) {
            return entries[bytes.getShort(at) & 0xFFFF];
        }

        private String utf8(int at) {
            byte[] file = bytes.array();
            int length = bytes.getShort(at + 1) & 0xFFFF;
            return new String(Arrays.copyOfRange(file, at + 3, at + 3 + length), StandardCharsets.UTF_8);
        }
    }
}
