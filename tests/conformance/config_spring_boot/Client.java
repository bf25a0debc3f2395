package example;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;

/** Starts as any Spring Boot application does, and prints what it was given. */
@SpringBootApplication
public class Client {
    public static void main(String[] arguments) {
        try (ConfigurableApplicationContext context = SpringApplication.run(Client.class, arguments)) {
            ConfigurableEnvironment environment = context.getEnvironment();
            for (String key : new String[] {"shop.port", "shop.url", "shop.name", "shop.shared"})
                System.out.println("GIVEN " + key + "=" + environment.getProperty(key));
            System.out.println("GIVEN shop.port:int=" + environment.getProperty("shop.port", Integer.class));
            System.out.println("GIVEN shop.hosts=" + Binder.get(environment).bind("shop.hosts", Bindable.listOf(String.class)).orElse(null));
            System.out.println("GIVEN shop.limits=" + Binder.get(environment).bind("shop.limits", Bindable.mapOf(String.class, Integer.class)).orElse(null));
            environment.getPropertySources().stream().filter(s -> s.getName().startsWith("configserver:")).forEach(s -> System.out.println("SOURCE " + s.getName()));
        }
    }
}
