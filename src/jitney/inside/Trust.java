import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** Runs inside a build: a bundle of PEM certificates as the trust store that a JVM reads. Arguments: bundle, store. */
class Trust {
    public static void main(String[] words) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int number = 0;
        try (InputStream in = Files.newInputStream(Path.of(words[0]))) {
            for (var one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + number++, one);
            }
        }
        try (var out = Files.newOutputStream(Path.of(words[1]))) {
            store.store(out, "changeit".toCharArray());
        }
    }
}
