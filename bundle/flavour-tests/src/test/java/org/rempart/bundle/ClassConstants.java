/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.bundle;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a class file says in its constant pool (JVM specification, 4.4): its version, every text, every class that it
 * names, be it as a class, in a descriptor or in a generic signature.
 */
final class ClassConstants {
    private static final int MAGIC = 0xCAFEBABE;

    /** A class in a descriptor or signature: {@code Ljava/lang/String;}, {@code Ljava/util/List<...}. */
    private static final Pattern IN_DESCRIPTOR = Pattern.compile("L([\\w$]+(?:/[\\w$]+)+)[;<]");

    private final int majorVersion;
    private final Set<String> texts;
    private final Set<String> classNames;

    private ClassConstants(int majorVersion, Set<String> texts, Set<String> classNames) {
        this.majorVersion = majorVersion;
        this.texts = texts;
        this.classNames = classNames;
    }

    static ClassConstants read(byte[] classFile) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile));
        if (in.readInt() != MAGIC) {
            throw new IOException("Not a class file");
        }
        in.readUnsignedShort();
        int majorVersion = in.readUnsignedShort();
        int count = in.readUnsignedShort();
        String[] utf8 = new String[count];
        Set<Integer> classIndexes = new TreeSet<>();
        for (int index = 1; index < count; index++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> utf8[index] = in.readUTF();
                case 7 -> classIndexes.add(in.readUnsignedShort());
                case 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    // A long or double takes two places of the pool.
                    index++;
                }
                default -> throw new IOException("Unknown constant of kind " + tag);
            }
        }
        Set<String> texts = new TreeSet<>();
        Set<String> classNames = new TreeSet<>();
        for (String text : utf8) {
            if (text != null) {
                texts.add(text);
                Matcher matcher = IN_DESCRIPTOR.matcher(text);
                while (matcher.find()) {
                    classNames.add(matcher.group(1));
                }
            }
        }
        for (int index : classIndexes) {
            // Array classes are named by their descriptor, which is looked into above.
            if (!utf8[index].startsWith("[")) {
                classNames.add(utf8[index]);
            }
        }
        return new ClassConstants(majorVersion, texts, classNames);
    }

    int majorVersion() {
        return majorVersion;
    }

    Set<String> texts() {
        return texts;
    }

    /** Internal names, as {@code java/lang/String}. */
    Set<String> classNames() {
        return classNames;
    }
}
