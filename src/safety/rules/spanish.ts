// The guard's built-in rules for Spanish.
import { APART_SPANISH } from "./emergencies-apart.ts";
import type { RuleBook } from "./rule-book.ts";

export const SPANISH: RuleBook = {
  emergencyApart: APART_SPANISH,
  emergency: `
    dolor {muy fuerte|fuerte|intenso|terrible|agudo|} en el pecho
    {duele|me duele|le duele} {mucho|muchísimo|fuerte|} el pecho
    {presión|opresión} en el pecho
    {infarto|ataque al corazón|ataque cardíaco|paro cardíaco}
    {derrame cerebral|ictus}
    no {respira|está respirando|responde|reacciona|despierta|se despierta}
    {no|apenas|casi no} {puedo|puede} respirar
    {cuesta|costando|dificultad para|problemas para} respirar
    {dejó|ha dejado} de respirar
    {se está|me estoy|se} {ahogando|asfixiando|atragantando}
    {inconsciente|inconscientes}
    {se ha|se|me he|ha} {desmayado|desmayó|desplomado|desplomó}
    {convulsiones|convulsionando}
    {sangrando|sangra} {mucho|muchísimo|sin parar|demasiado|bastante}
    {perdiendo|perdido|pierde} mucha sangre
    sobredosis
    {tomado|tomó|tomé} {demasiadas|muchas} {pastillas|píldoras}
    {bebido|bebió|tragado|tragó|tomado} {lejía|veneno|detergente}
    {me quiero|quiero} {morir|morirme|suicidarme|matarme}
    {voy a|pienso en|pensando en} {matarme|suicidarme|quitarme la vida}
    {suicidarme|suicidarse|suicidio}
    {quitarme|quitarse} la vida
    no quiero {vivir|seguir viviendo}
    {hay|tenemos} {un|} {incendio|fuego}
    {se está|está} quemando {la|mi|el} {casa|cocina|edificio|piso|coche}
    {casa|cocina|edificio|piso|coche|apartamento} {está|se está} {ardiendo|quemando|en llamas}
    en llamas
    {huele|olor|oliendo|huelo} {mucho|} a gas
    {fuga|escape} de gas
    monóxido de carbono
    {están|está} {entrando|intentando entrar} en mi {casa|piso|apartamento}
    {tiene|con|lleva} una {pistola|arma|navaja}
    {tiene|con} un {cuchillo|arma}
    {me está|está} {pegando|golpeando|atacando|amenazando con}
    me {han|ha} {apuñalado|disparado|atropellado|violado|atacado}
    {ambulancia|ambulancias}
    {llame|llama|llamen|llamar} {a la policía|a los bomberos|al 112|al 911|al 061|a emergencias}
    {es|tengo|tenemos|hay} una emergencia
    {accidente} {grave|terrible|muy grave}
    {gravemente|malherido|muy} {herido|herida}
    de parto
    no se {mueve|está moviendo}
    {mucho|muchísimo|lleno de|hay} humo
    no {podemos|pueden} salir
    {matarse|matarme}
    {poniendo} {azul|morado|morada}
    {caído|cayó} y no
    {no respira|respira} {bien|mal|apenas}
    {respira|respirando} {con dificultad|muy mal|muy poco}
    {no|casi no} {puede|puedo} {tragar|hablar ni|moverse|moverme}
    {sin|no tiene} {pulso|conocimiento}
    {perdió|perdido|pierde|ha perdido} el conocimiento
    {no|tampoco} {se despierta|despierta|reacciona|se mueve}
    no {consigo|puedo|podemos} {despertarlo|despertarla|despertarle}
    {corazón} {se ha parado|se paró|dejó de latir|no late}
    {se ha|se} {tragado|tragó|tomado|tomó|bebido|bebió} {todas|todo|una caja|un bote|un frasco|lejía|veneno|una pila}
    {toda|todas} {la caja|el bote|las pastillas|sus pastillas|mis pastillas}
    {frasco|caja|bote} {entera|entero|completo|completa} de
    {ahoga|ahogado|ahogada|ahogo|asfixia|atragantado|atragantada|electrocutado|electrocutada|explosión|explotado|explotó}
    {me|le|se le|se me} {falta el aire|cierra la garganta|hincha la lengua|hincha la cara|hincha la garganta|durmió el brazo|duerme el brazo}
    {brazo|lado|cara|pierna|boca} {dormido|dormida|paralizado|paralizada|torcida|caída}
    {reacción alérgica grave|reacción alérgica muy fuerte|choque anafiláctico|shock anafiláctico}
    {no|sin} {para|deja|parar|dejar} de sangrar
    {sangre|sangra} por todas partes
    {mucha|muchísima|demasiada} sangre
    {hemorragia|se desangra|desangrando|convulsiona|envenenado|envenenada|intoxicado|intoxicada|apuñalado|apuñalada|tiroteo|disparos|secuestrado|secuestrada|rehenes}
    {cortado|cortó|amputado} {el|la|un|una} {dedo|mano|brazo|pierna|pie}
    {caído|cayó|caída} {del|de la|por la|por el|desde} {tejado|escalera|balcón|ventana|andamio|techo}
    {atropellado|atropelló|atropellada|arrollado} {a|un|por|una|}
    {atrapado|atrapada|atrapados} {en|debajo|dentro|bajo} {el|la|del|de}
    {tirarme|saltar|lanzarme|tirarse} {por|de|del|desde|al} {la ventana|un puente|el puente|puente|balcón|tren|la azotea}
    {no quiero|ya no quiero} {vivir|estar aquí|existir|despertar|seguir}
    {ganas|deseos|razones} {de|para} {morir|morirme|vivir más|matarme}
    {hacerme|hacerse} daño
    {hombre|mujer|tipo|alguien|persona|chico} {con|armado con|armada con} {un|una} {cuchillo|pistola|arma|navaja|machete|escopeta}
    {alguien|un hombre|un desconocido|un ladrón} {está|ha entrado|entró|intenta|trata de|quiere} {entrar|dentro|en mi|forzar|forzando|en la|entrando}
    {intentan|intenta|intentando|tratando de|quieren} {forzar la puerta|matarme|matarnos|pegarme}
    {me|nos|la|lo} {pega|golpea|amenaza|persigue|estrangula|ataca|apuñala|está siguiendo|está pegando}
    {va|quiere|amenaza con} a {matarme|matarnos|pegarme|matarla}
    {quiere|amenaza con} {matarme|matarnos|matarla|pegarme}
    {fuego|incendio|llamas|humo} {en|por|sale|salen|saliendo} {la|el|mi|todas|por|de}
    {se|ha} {prendido|prendió|incendió|incendiado} {fuego|la|el|}
    {acaba de|hubo|ha habido|hemos tenido} {haber|} un accidente
    {rompió|roto} aguas
    {tengo|tiene} {contracciones|un aborto}
    {en|por} el suelo y no {se|responde|respira|reacciona}
    {mordido|mordió|picado} una {serpiente|víbora}
  `,
  high: `
    {nos|me} han entrado a robar
    {han|han entrado a} {robado|robar} {en|la|esta|mi}
    {fiebre|temperatura} de {39|40|41|treinta y nueve|cuarenta}
    {calefacción|luz|agua} {se ha|está} {estropeado|cortado|cortada|estropeada} y
    {es|muy|bastante|realmente|super} urgente
    {urgentemente|urgente}
    lo antes posible es grave
    {me|nos|le} {han|ha} robado
    {robaron|robado} {la|mi|el} {tarjeta|cartera|bolso|móvil|teléfono}
    {usó|usado|usaron|usando} mi tarjeta
    {fraude|estafa|estafado|estafada|hackeado|hackeada}
    {roto|rota|reventado|reventó} una tubería
    tubería {rota|reventada}
    {inundando|inundado|inundada|inundación}
    mucha fiebre
    fiebre {alta|muy alta}
    {mucho|muchísimo|fuerte|terrible|insoportable} dolor
    {dolores} {fuertes|muy fuertes|terribles}
    {hablar con|llamar a|avisar a} mi abogado
    mi abogado se
    {denunciar|demandar}
    {encerrado|encerrada|atrapado|atrapada|atrapados} en
    sin {luz|calefacción|agua caliente} {desde|y}
    no puede esperar
    {agua} por {todas partes|todos lados}
    {cobrado|cargo|cobro} {algo|} que no {compré|hice|reconozco}
  `,
  person: `
    {alguien|persona|humano} de {carne y hueso|verdad}
    {alguien|una persona} con quien {pueda|poder|puedo} hablar
    {hablar|comunicarme|comunicar|contactar} con {una|un|alguna|algún|el|la|su|otra|otro|} {persona|humano|humana|agente|operador|operadora|representante|encargado|encargada|supervisor|supervisora|responsable|gerente|empleado|empleada|ser humano|asesor|asesora|compañero|jefe|recepcionista}
    {hablar|comunicarme|contactar} con {una|} persona {real|de verdad}
    {hablar|comunicarme|contactar} con {alguien|atención al cliente|recepción}
    {páseme|pásame|pasarme|me pasa|me puede pasar|me pueden pasar|pase|póngame|ponme|me pone|me puede poner|comuníqueme|conécteme|transfiérame} {con|a|al|} {un|una|el|la|su|} {agente|persona|encargado|encargada|operador|operadora|responsable|representante|supervisor|supervisora|alguien|humano|gerente|jefe|compañero|asesor}
    {páseme|pásame|me puede pasar|póngame|comuníqueme|conécteme|transfiérame} {con|a} {alguien|atención al cliente|recepción}
    no quiero hablar con {una|un|la|el|} {máquina|robot|ordenador|contestador|computadora|bot}
    {persona|alguien} {real|de verdad}
    {quiero|necesito|deme|prefiero} {un|una|} {persona real|agente|operador|operadora|representante|humano}
    {agente|operadora|operador|representante} por favor
  `,
  uncertainty: `
    no es {eso|esto} lo que {le|te|} {estoy|he|pedí|pido|dije|digo|quiero|quería}
    {me está|me ha|me están|me has} {entendiendo mal|entendido mal|malinterpretando}
    {está|estás} {escuchando|escuchándome|oyendo} {o|de verdad|siquiera}
    no me {entiende|entiendes|está entendiendo|estás entendiendo|ha entendido|comprende|escucha}
    no {es|era} {lo que|eso lo que} {pregunté|dije|quería|he dicho|he preguntado|pedí|pido}
    ya {se|te} lo {he dicho|dije}
    {ya|} {lo he|te lo he|se lo he} {dicho|explicado} {antes|ya|}
    no {tiene|tiene ningún} sentido
    eso {está mal|no es correcto|no sirve}
    no me {sirve|ayuda|está ayudando}
    no entiendo {lo que|qué} {dice|dices|quiere|me dice}
    {otra vez|siempre} {lo mismo|la misma pregunta}
    {pérdida de tiempo|perdiendo el tiempo}
    no es {eso|así}
  `,
  agentUncertainty: `
    no {le|te|lo|la} {he entendido|entendí|entiendo|he oído|escuché}
    no puedo {ayudarle|ayudarte} con {eso|esto}
    no {tengo|dispongo de} esa información
    {podría|puede|puedes} {repetirlo|repetir|repetir eso}
  `,
  agentAlarm: `
    {parece|suena a|esto es|es} una emergencia {médica|}
    {cuelgue|cuelga} y llame al
  `,
  wholeEmergency: `
    ayuda
    socorro
    auxilio
    fuego
    incendio
    emergencia
    ambulancia
    policía
  `,
  wholePerson: `
    agente
    operador
    operadora
    representante
    persona
    una persona
    humano
    atención al cliente
    encargado
  `,
  harmless: `
    {me|se} {muero|muere|morí|moría} de {ganas|risa|hambre|sed|frío|sueño|vergüenza|calor|amor}
    {quiero|quería} morirme de {risa|vergüenza}
    fuegos artificiales
    entrar en {mi|la|su} cuenta
    {bomba|a fuego} {de fiesta|lento}
    {casi|por poco} me da un infarto
    {seguro|póliza|alarma|simulacro} {de|contra} {incendio|incendios|fuego}
    {salida|contacto|teléfono|número|luz|luces|servicio} de {emergencia|emergencias|urgencia|urgencias}
    {agente|agentes} {inmobiliario|inmobiliaria|de seguros|de viajes|comercial}
    persona en particular
    no es urgente
    {mi|un} abogado {me|recomendó|dijo|es}
  `,
  elsewhere: `
    hace {años|meses|mucho tiempo|diez años|dos años|un año|tiempo}
    el año pasado
    {en caso de|cuando era}
    {película|curso|simulacro|novela} de
    antecedentes
  `,
  strictNegators: ``,
  negators: `no sin nunca tampoco ni ningún ninguna`,
  between: `
    tengo tiene tenemos tienes es era hay un una el la los las ningún ninguna necesito necesita necesitamos quiero quiere hace falta
    llame llamen llamar de a que se me le está estoy siento siente ha he tenido
  `,
  negatorsAfter: ``,
  courtesies: `por favor hola oiga oye sí quiero necesito una un la el ya señor señorita`,
};
